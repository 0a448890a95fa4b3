Feature: smoke
  Scenario: an order
    Given a request for createSession
    When createSession is called
    Then the answer is 201
    And the answer's "status" is "REQUESTED"

  Scenario: active
    Given a session that is ACTIVATED
    And a request for getSession
    When getSession is called
    Then the answer is 200
    And the answer's "status" is "ACTIVATED"

# SPDX-License-Identifier: Apache-2.0
Feature: getSession
  What was bought, what was delivered, the fee so far and what it takes to connect.

  Scenario: A session that is being built
    Given a session that is REQUESTED
    And a request for getSession
    When getSession is called
    Then the answer is 200
    And the answer's "status" is "REQUESTED"
    And the answer's "fee" is {"amount": "0.00", "currency": "EUR"}
    And the answer has no "startedAt"

  Scenario: A session that is in service
    Given a session that is ACTIVATED
    And a request for getSession
    When getSession is called
    Then the answer is 200
    And the answer's "status" is "ACTIVATED"
    And the answer's "phase" is "ACTIVE"
    And the answer's "startedAt" matches "Z$"
    And the answer's "actual.verification" is "CONTROL_PLANE"

  Scenario: A session that is to come
    Given a session that is SCHEDULED
    And a request for getSession
    When getSession is called
    Then the answer is 200
    And the answer's "status" is "SCHEDULED"

  Scenario Outline: A session that is <kind>
    Given a session that is <kind>
    And a request for getSession
    When getSession is called
    Then the answer is <outcome>

    Examples:
      | kind      | outcome               |
      | UNKNOWN   | 404 NOT_FOUND         |
      | DELETED   | 404 NOT_FOUND         |
      | MALFORMED | 400 INVALID_ARGUMENT  |
      | FOREIGN   | 403 PERMISSION_DENIED |

# SPDX-License-Identifier: Apache-2.0
Feature: postNotification, postOfferNotification
  The customer's sink is told of every change of a session's state, and of held
  offers that expire. Here the sink
  is what answers, and the daemon what has to cope with it.

  Scenario: Every change, with the order's token
    Given a sink that answers 204
    And a request for createSession
    And the order goes to the sink with the token "t-1"
    When createSession is called
    Then the answer is 201
    And the sink answers 204 to REQUESTED
    And the sink was shown the token "t-1"

  Scenario: From the order to the end
    Given a sink that answers 204
    And a session that is ACTIVATED
    And a request for deleteSession
    When deleteSession is called
    Then the answer is 202
    And the sink answers 204 to REQUESTED
    And the sink answers 204 to ACTIVATED
    And the sink answers 204 to TERMINATED

  Scenario Outline: A sink that answers <answer> is told again, with the same id
    Given a sink that answers <answer>
    And a session that is REQUESTED
    Then the sink answers <answer> to REQUESTED and is told again

    Examples:
      | answer                |
      | 400 INVALID_ARGUMENT  |
      | 401 UNAUTHENTICATED   |
      | 403 PERMISSION_DENIED |
      | 429 TOO_MANY_REQUESTS |

  Scenario: A sink that answers 410 is told nothing any more
    Given a sink that answers 410 GONE
    And a session that is ACTIVATED
    Then the sink answers 410 GONE to REQUESTED
    And the sink was told nothing else

  Scenario Outline: A sink that answers <answer> to an offer that expires
    Given a sink that answers <answer>
    And a request for checkAvailability
    And the body property "hold" is true
    And the order goes to the sink with the token "t-1"
    When checkAvailability is called
    Then the answer is 200
    And the sink answers <answer> to an offer that expires
    And the sink was shown the token "t-1"

    Examples:
      | answer                |
      | 204                   |
      | 400 INVALID_ARGUMENT  |
      | 401 UNAUTHENTICATED   |
      | 403 PERMISSION_DENIED |
      | 410 GONE              |
      | 429 TOO_MANY_REQUESTS |

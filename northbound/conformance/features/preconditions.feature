# SPDX-License-Identifier: Apache-2.0
Feature: Preconditions
  A request with If-Match is carried out only if the session is still in the state
  that was read, by its ETag.

  Scenario Outline: <operation> of a session that was changed since
    Given a session that is SCHEDULED
    And a request for <operation>
    And the header If-Match is of another state
    When <operation> is called
    Then the answer is 412 FAILED_PRECONDITION

    Examples:
      | operation             |
      | updateSession         |
      | extendSessionDuration |
      | deleteSession         |

  Scenario Outline: <operation> of the session as it was read
    Given a session that is SCHEDULED
    And a request for getSession
    When getSession is called
    Then the answer is 200
    Given a request for <operation>
    And the header If-Match is the answer's ETag
    When <operation> is called
    Then the answer is <status>
    When <operation> is called again
    Then the answer is 412 FAILED_PRECONDITION

    Examples:
      | operation             | status |
      | updateSession         | 200    |
      | extendSessionDuration | 200    |
      | deleteSession         | 202    |

# SPDX-License-Identifier: Apache-2.0
Feature: getSessionPerformance
  What was delivered, window by window, and when the service level was not kept.

  Scenario Outline: A session that is <kind>
    Given a session that is <kind>
    And a request for getSessionPerformance
    When getSessionPerformance is called
    Then the answer is <outcome>

    Examples:
      | kind      | outcome               |
      | REQUESTED | 200                   |
      | ACTIVATED | 200                   |
      | UNKNOWN   | 404 NOT_FOUND         |
      | DELETED   | 404 NOT_FOUND         |
      | MALFORMED | 400 INVALID_ARGUMENT  |
      | FOREIGN   | 403 PERMISSION_DENIED |

  Scenario Outline: The query <query>
    Given a session that is REQUESTED
    And a request for getSessionPerformance
    And the query is "<query>"
    When getSessionPerformance is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "<says>"

    Examples:
      | query                     | says            |
      | page=0                    | page            |
      | perPage=101               | perPage         |
      | windowStart.gte=yesterday | windowStart.gte |

# SPDX-License-Identifier: Apache-2.0
Feature: listSessions
  The caller's own sessions, a page at a time.

  Scenario: A customer without sessions
    Given a request for listSessions
    When listSessions is called
    Then the answer is 200
    And the answer's "sessions" is []
    And the answer's "pagination" is {"page": 1, "perPage": 20, "totalCount": 0, "totalPages": 0}
    And the answer's header "x-total-count" is "0"

  Scenario: Pages of one
    Given a session that is REQUESTED
    And a session that is SCHEDULED
    And a request for listSessions
    And the query is "perPage=1&page=2"
    When listSessions is called
    Then the answer is 200
    And the answer's "sessions[0].status" is "REQUESTED"
    And the answer's "pagination" is {"page": 2, "perPage": 1, "totalCount": 2, "totalPages": 2}
    And the answer's header "x-total-pages" is "2"

  Scenario: A page beyond the last
    Given a session that is REQUESTED
    And a request for listSessions
    And the query is "page=7"
    When listSessions is called
    Then the answer is 200
    And the answer's "sessions" is []
    And the answer's "pagination.totalCount" is 1

  Scenario Outline: Sessions by <query>
    Given a session that is REQUESTED
    And a session that is SCHEDULED
    And a request for listSessions
    And the query is "<query>"
    When listSessions is called
    Then the answer is 200
    And the answer's "pagination.totalCount" is <count>

    Examples:
      | query                      | count |
      | status=SCHEDULED           | 1     |
      | status=SCHEDULED,REQUESTED | 2     |
      | status=ACTIVATED           | 0     |
      | sla=AA                     | 2     |
      | sla=A,AAA                  | 0     |
      | name=branch                | 2     |
      | name=another               | 0     |
      | colour=red                 | 2     |

  Scenario: Sessions of others are not listed
    Given a session that is FOREIGN
    And a request for listSessions
    When listSessions is called
    Then the answer is 200
    And the answer's "pagination.totalCount" is 0

  Scenario Outline: The query <query>
    Given a request for listSessions
    And the query is "<query>"
    When listSessions is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "<says>"

    Examples:
      | query                 | says    |
      | page=0                | page    |
      | page=one              | page    |
      | page=2147483648       | page    |
      | perPage=101           | perPage |
      | perPage=              | perPage |
      | page=1&page=2         | page    |
      | status=BROKEN         | status  |
      | sla=B                 | sla     |
      | name=                 | name    |
      | page=%zz              | query   |

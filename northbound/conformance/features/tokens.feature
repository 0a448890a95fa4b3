# SPDX-License-Identifier: Apache-2.0
Feature: Tokens
  Who asks is known by a signed token of the provider's authorization server. One
  that is no good is told nothing of the reason; one that is good and may not do
  this is told so.

  Scenario Outline: <operation> with a token that is <kind>
    Given a request for <operation>
    And the token is <kind>
    When <operation> is called
    Then the answer is 401 UNAUTHENTICATED
    And the message says "Request not authenticated due to missing, invalid, or expired credentials. A new authentication is required."
    And the answer's header "WWW-Authenticate" is "Bearer"

    Examples:
      | operation             | kind                         |
      | checkAvailability     | missing                      |
      | createSession         | missing                      |
      | listSessions          | missing                      |
      | getSession            | missing                      |
      | getSessionPerformance | missing                      |
      | extendSessionDuration | missing                      |
      | updateSession         | missing                      |
      | deleteSession         | missing                      |
      | checkAvailability     | expired                      |
      | createSession         | expired                      |
      | listSessions          | expired                      |
      | getSession            | expired                      |
      | getSessionPerformance | expired                      |
      | extendSessionDuration | expired                      |
      | updateSession         | expired                      |
      | deleteSession         | expired                      |
      | listSessions          | garbled                      |
      | listSessions          | of another scheme            |
      | listSessions          | not yet valid                |
      | listSessions          | for another audience         |
      | createSession         | for another audience         |
      | listSessions          | of another issuer            |
      | createSession         | of another issuer            |
      | listSessions          | without expiry               |
      | listSessions          | without client               |
      | listSessions          | an ID token                  |
      | listSessions          | signed with another key      |
      | createSession         | signed with another key      |
      | listSessions          | signed with an unknown key   |
      | listSessions          | unsigned with algorithm none |
      | createSession         | unsigned with algorithm none |
      | listSessions          | stripped of its signature    |
      | createSession         | stripped of its signature    |

  Scenario Outline: <operation> without its scope
    Given a request for <operation>
    And the token lacks the scope of the operation
    When <operation> is called
    Then the answer is 403 PERMISSION_DENIED

    Examples:
      | operation             |
      | checkAvailability     |
      | createSession         |
      | listSessions          |
      | getSession            |
      | getSessionPerformance |
      | extendSessionDuration |
      | updateSession         |
      | deleteSession         |

  Scenario: A client that is no customer's
    Given a request for listSessions
    And the request is of another client of nobody
    When listSessions is called
    Then the answer is 403 PERMISSION_DENIED

  Scenario Outline: <operation> of another customer's session
    Given a session that is FOREIGN
    And a request for <operation>
    When <operation> is called
    Then the answer is 403 PERMISSION_DENIED

    Examples:
      | operation             |
      | getSession            |
      | getSessionPerformance |
      | extendSessionDuration |
      | updateSession         |
      | deleteSession         |

  Scenario: The token is looked at before anything of the request
    Given a request for createSession
    And the token is missing
    And the body is cut off
    And the header "Content-Type" is "text/plain"
    When createSession is called
    Then the answer is 401 UNAUTHENTICATED

  Scenario: The scope is looked at before the body
    Given a request for createSession
    And the token lacks the scope of the operation
    And the body is cut off
    When createSession is called
    Then the answer is 403 PERMISSION_DENIED

  @fault
  Scenario: The issuer's keys cannot be had
    Given a request for listSessions
    And the core fails with NO_KEYS
    When listSessions is called
    Then the answer is 503 UNAVAILABLE
    And the answer's header "Retry-After" is "5"

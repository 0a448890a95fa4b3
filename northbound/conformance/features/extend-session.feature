# SPDX-License-Identifier: Apache-2.0
Feature: extendSessionDuration
  More time for a session that is ordered or in service.

  Scenario Outline: A session that is <kind>
    Given a session that is <kind>
    And a request for extendSessionDuration
    When extendSessionDuration is called
    Then the answer is <outcome>

    Examples:
      | kind      | outcome                |
      | REQUESTED | 200                    |
      | SCHEDULED | 200                    |
      | ACTIVATED | 200                    |
      | ENDING    | 409 INCOMPATIBLE_STATE |
      | UNKNOWN   | 404 NOT_FOUND          |
      | DELETED   | 404 NOT_FOUND          |
      | MALFORMED | 400 INVALID_ARGUMENT   |
      | FOREIGN   | 403 PERMISSION_DENIED  |

  Scenario: What was asked for is granted
    Given a session that is REQUESTED
    And a request for extendSessionDuration
    When extendSessionDuration is called
    Then the answer is 200
    And the answer's "duration" is 4200

  Scenario: More than the provider's maximum is cut to it
    Given a session that is REQUESTED
    And a request for extendSessionDuration
    And the body property "requestedAdditionalDuration" is 2147483647
    When extendSessionDuration is called
    Then the answer is 200
    And the answer's "duration" is 31622400

  Scenario Outline: <value> seconds more
    Given a request for extendSessionDuration
    And the body property "requestedAdditionalDuration" is <value>
    When extendSessionDuration is called
    Then the answer is <outcome>
    And the message says "requestedAdditionalDuration"

    Examples:
      | value      | outcome              |
      | 0          | 400 OUT_OF_RANGE     |
      | -1         | 400 OUT_OF_RANGE     |
      | 2147483648 | 400 OUT_OF_RANGE     |
      | 1.5        | 400 INVALID_ARGUMENT |
      | null       | 400 INVALID_ARGUMENT |

  Scenario: The room for the longer time is sold already
    Given a narrow session that ends before others begin
    And a request for extendSessionDuration
    And the body property "requestedAdditionalDuration" is 86400
    When extendSessionDuration is called
    Then the answer is 422 SITE_TO_CLOUD_VPN.RESOURCES_INSUFFICIENT

  Scenario: A repeated extension is done once
    Given a session that is REQUESTED
    And a request for extendSessionDuration
    And the header "Idempotency-Key" is "extension-1"
    When extendSessionDuration is called
    Then the answer is 200
    And the answer's "duration" is 4200
    And the answer is remembered
    When extendSessionDuration is called again
    Then the answer is 200
    And the answer is the same as before, in every byte
    Given a request for deleteSession
    When deleteSession is called
    Given a request for getSession
    When getSession is called
    Then the answer's "statusInfo" is "DELETE_REQUESTED"
    Given a request for extendSessionDuration
    And the header "Idempotency-Key" is "extension-1"
    When extendSessionDuration is called
    Then the answer is 200
    And the answer is the same as before, in every byte
    Given the body property "requestedAdditionalDuration" is 601
    When extendSessionDuration is called again
    Then the answer is 422 SITE_TO_CLOUD_VPN.IDEMPOTENCY_KEY_REUSED

  @fault
  Scenario: Others were faster
    Given a request for extendSessionDuration
    And the core refuses with ABORTED
    When extendSessionDuration is called
    Then the answer is 409 ABORTED

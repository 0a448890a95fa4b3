# SPDX-License-Identifier: Apache-2.0
Feature: deleteSession
  A session ends before its time; the answer is the account so far.

  Scenario Outline: A session that is <kind>
    Given a session that is <kind>
    And a request for deleteSession
    When deleteSession is called
    Then the answer is <outcome>

    Examples:
      | kind      | outcome               |
      | REQUESTED | 202                   |
      | SCHEDULED | 202                   |
      | ENDING    | 202                   |
      | UNKNOWN   | 404 NOT_FOUND         |
      | DELETED   | 404 NOT_FOUND         |
      | MALFORMED | 400 INVALID_ARGUMENT  |
      | FOREIGN   | 403 PERMISSION_DENIED |

  Scenario: A session that has ended by itself is read and deleted alike
    Given a session that is EXPIRED
    And a request for deleteSession
    When deleteSession is called
    Then the answer is 202
    And the answer's "status" is "TERMINATED"
    And the answer's "statusInfo" is "DURATION_EXPIRED"
    And the answer's "fee.amount" matches "^[0-9]+[.][0-9]{2}$"
    Given a request for getSession
    When getSession is called
    Then the answer is 200
    And the answer's "statusInfo" is "DURATION_EXPIRED"

  Scenario: A protected session is shown, changed, and goes from all of its devices
    Given a session that is PROTECTED
    And a request for getSession
    When getSession is called
    Then the answer is 200
    And the answer's "status" is "ACTIVATED"
    And the answer's "isProtected" is true
    And the answer's "protectionLatency" is 4
    And the answer's "handover.secondaryAccessPoint.customerIpAddress" is "192.168.10.6"
    And the answer's "handover.secondaryEndPoint.customerIpAddress" is "192.168.11.6"
    And the answer's "actual.verification" is "CONTROL_PLANE"
    Given a request for updateSession
    When updateSession is called
    Then the answer is 202
    And the answer's "phase" is "MODIFYING"
    Given a request for deleteSession
    When deleteSession is called
    Then the answer is 202
    And the answer's "statusInfo" is "DELETE_REQUESTED"
    Given a request for getSession
    When getSession is called until nothing is found
    Then the answer is 404 NOT_FOUND

  Scenario: The account of a session that was in service
    Given a session that is ACTIVATED
    And a request for deleteSession
    When deleteSession is called
    Then the answer is 202
    And the answer's "statusInfo" is "DELETE_REQUESTED"
    And the answer's "fee.amount" matches "^[0-9]+[.][0-9]{2}$"
    And the answer's "endedAt" matches "Z$"

  @fault
  Scenario Outline: A deletion that the core refuses with <refusal>
    Given a request for deleteSession
    And the core refuses with <refusal>
    When deleteSession is called
    Then the answer is 409 <code>

    Examples:
      | refusal      | code               |
      | ABORTED      | ABORTED            |
      | INCOMPATIBLE | INCOMPATIBLE_STATE |

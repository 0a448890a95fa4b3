# SPDX-License-Identifier: Apache-2.0
Feature: updateSession
  Bandwidth, service level and name of a session, as a merge patch.

  Scenario: A session in service gets more bandwidth, and the network follows
    Given a session that is ACTIVATED
    And a request for updateSession
    When updateSession is called
    Then the answer is 202
    And the answer's "phase" is "MODIFYING"

  Scenario: What the network does after a change names the request that asked for it
    Given a session that is ACTIVATED
    And a request for updateSession
    And the header "x-correlator" is "more-bandwidth"
    When updateSession is called
    Then the answer is 202
    When the session's phase becomes ACTIVE
    Given a request for getSession
    When getSession is called
    Then the answer's "timeline[0].kind" is "BANDWIDTH_CHANGED"
    And the answer's "timeline[0].correlator" is "more-bandwidth"
    And the answer's "timeline[1].status" is "ACTIVATED"
    And the answer's "timeline[1].correlator" is "more-bandwidth"

  Scenario: A session to come gets more bandwidth
    Given a session that is SCHEDULED
    And a request for updateSession
    When updateSession is called
    Then the answer is 200
    And the answer's "guaranteedBandwidth" is 20

  Scenario: Another name, and none
    Given a session that is REQUESTED
    And a request for updateSession
    And the body is:
      """
      {"name": "headquarters"}
      """
    When updateSession is called
    Then the answer is 200
    And the answer's "name" is "headquarters"
    Given the body is:
      """
      {"name": null}
      """
    When updateSession is called again
    Then the answer is 200
    And the answer has no "name"

  Scenario Outline: A session that is <kind>
    Given a session that is <kind>
    And a request for updateSession
    When updateSession is called
    Then the answer is <outcome>

    Examples:
      | kind      | outcome                |
      | ENDING    | 409 INCOMPATIBLE_STATE |
      | UNKNOWN   | 404 NOT_FOUND          |
      | DELETED   | 404 NOT_FOUND          |
      | MALFORMED | 400 INVALID_ARGUMENT   |
      | FOREIGN   | 403 PERMISSION_DENIED  |

  Scenario Outline: <property> of <value>
    Given a session that is SCHEDULED
    And a request for updateSession
    And the body property "<property>" is <value>
    When updateSession is called
    Then the answer is <outcome>

    Examples:
      | property                   | value           | outcome                                      |
      | guaranteedBandwidth        | 0               | 400 OUT_OF_RANGE                             |
      | guaranteedBandwidth        | "20"            | 400 INVALID_ARGUMENT                         |
      | guaranteedBandwidth        | null            | 400 INVALID_ARGUMENT                         |
      | guaranteedReverseBandwidth | 1000001         | 400 OUT_OF_RANGE                             |
      | sla                        | "AAAA"          | 400 INVALID_ARGUMENT                         |
      | sla                        | "AAA"           | 400 INVALID_ARGUMENT                         |
      | name                       | ""              | 400 INVALID_ARGUMENT                         |
      | accessPoint                | {"id": "cloud"} | 400 INVALID_ARGUMENT                         |
      | accessPoint                | {"bgpPassword": "another"} | 400 INVALID_ARGUMENT              |
      | guaranteedBandwidth        | 40000           | 422 SITE_TO_CLOUD_VPN.RESOURCES_INSUFFICIENT |

  Scenario: A patch of nothing
    Given a session that is SCHEDULED
    And a request for updateSession
    And the body is:
      """
      {}
      """
    When updateSession is called
    Then the answer is 400 INVALID_ARGUMENT

  @fault
  Scenario Outline: A change that the core refuses with <refusal>
    Given a request for updateSession
    And the core refuses with <refusal>
    When updateSession is called
    Then the answer is <outcome>

    Examples:
      | refusal        | outcome                                     |
      | ABORTED        | 409 ABORTED                                 |
      | NOT_SUPPORTED  | 422 SITE_TO_CLOUD_VPN.FEATURE_NOT_SUPPORTED |
      | QUOTA_EXCEEDED | 429 QUOTA_EXCEEDED                          |

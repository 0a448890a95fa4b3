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

  Scenario: What packets have measured
    Given a session that is MEASURED
    And packets have measured the session
    And a request for getSessionPerformance
    When getSessionPerformance is called
    Then the answer is 200
    And the answer's "measurementInterval" is 1
    And a window of the answer has
      | verdict         | "MET" |
      | availability    | 100   |
      | latency         | 0.45  |
      | worstLatency    | 0.45  |
      | packetLossRate  | 0     |
      | breachedSeconds | 0     |

  Scenario Outline: A service level that is not kept while <share> of the packets are lost
    Given a sink that answers 204
    And a session that is MEASURED
    And a request for getSessionPerformance
    When <share> of the packets are lost
    Then the sink is told of sla-breached, for <guarantee> that was promised as <promised> and was worse
    When getSessionPerformance is called
    Then the answer is 200
    And the answer's guarantee log has that breach, which goes on
    When none of the packets are lost
    Then the sink is told of sla-restored, for <guarantee> that was promised as <promised> and was worse
    When getSessionPerformance is called
    Then the answer is 200
    And the answer's guarantee log has that breach, which is over

    Examples:
      | share | guarantee    | promised |
      | half  | PACKET_LOSS  | 1        |
      | all   | AVAILABILITY | 99       |

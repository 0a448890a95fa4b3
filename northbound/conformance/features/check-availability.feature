# SPDX-License-Identifier: Apache-2.0
Feature: checkAvailability
  What can be had between two ends, at what price. Nothing is ordered.

  Scenario: Levels that can be had, with price and latency
    Given a request for checkAvailability
    When checkAvailability is called
    Then the answer is 200
    And the answer's "availability" is "AVAILABLE"
    And the answer's "offers[0].sla" is "A"
    And the answer's "offers[0].fee.currency" is "EUR"
    And the answer's "offers[0].latency" matches "^[0-9]"

  Scenario: One level alone
    Given a request for checkAvailability
    And the body property "sla" is "AA"
    When checkAvailability is called
    Then the answer is 200
    And the answer's "offers[0].sla" is "AA"
    And the answer has no "offers[1]"

  Scenario: Ends by their addresses
    Given a request for checkAvailability
    And the body property "accessPoint" is {"type": "SITE", "primaryIpAddress": "192.168.0.2", "staticPrefixes": ["10.1.0.0/24"]}
    And the body property "endPoint" is {"type": "SITE", "primaryIpAddress": "192.168.1.2", "staticPrefixes": ["10.2.0.0/24"]}
    When checkAvailability is called
    Then the answer is 200
    And the answer's "availability" is "AVAILABLE"

  Scenario: More than the network has is a result and no error
    Given a request for checkAvailability
    And the body property "guaranteedBandwidth" is 50000
    When checkAvailability is called
    Then the answer is 200
    And the answer's "availability" is "UNAVAILABLE"
    And the answer's "contextCode" is "SITE_TO_CLOUD_VPN.RESOURCES_INSUFFICIENT"
    And the answer's "refusals[0].mostBandwidth" matches "^[0-9]"

  Scenario Outline: <property> of <value>
    Given a request for checkAvailability
    And the body property "<property>" is <value>
    When checkAvailability is called
    Then the answer is <outcome>
    And the message says "<says>"

    Examples:
      | property                       | value                     | outcome                                     | says |
      | guaranteedBandwidth            | missing                   | 400 INVALID_ARGUMENT                        | guaranteedBandwidth |
      | guaranteedBandwidth            | "10"                      | 400 INVALID_ARGUMENT                        | guaranteedBandwidth |
      | guaranteedBandwidth            | 1.5                       | 400 INVALID_ARGUMENT                        | guaranteedBandwidth |
      | guaranteedBandwidth            | 0                         | 400 OUT_OF_RANGE                            | guaranteedBandwidth |
      | guaranteedBandwidth            | 1000001                   | 400 OUT_OF_RANGE                            | guaranteedBandwidth |
      | guaranteedReverseBandwidth     | 0                         | 400 OUT_OF_RANGE                            | guaranteedReverseBandwidth |
      | duration                       | 0                         | 400 OUT_OF_RANGE                            | duration |
      | duration                       | 2147483647                | 400 SITE_TO_CLOUD_VPN.DURATION_OUT_OF_RANGE | duration |
      | sla                            | "AAAA"                    | 400 INVALID_ARGUMENT                        | sla |
      | accessPoint                    | {}                        | 400 INVALID_ARGUMENT                        | accessPoint |
      | accessPoint.primaryIpAddress   | "192.168.0.2"             | 400 INVALID_ARGUMENT                        | accessPoint: give either id |
      | accessPoint.bgpPassword        | "without-bgp"             | 400 INVALID_ARGUMENT                        | accessPoint.bgpPassword: needs an asNumber |
      | endPoint                       | {"id": "site-a"}          | 400 INVALID_ARGUMENT                        | endPoint: is the same |
      | startTime                      | "2020-01-01T00:00:00Z"    | 400 INVALID_ARGUMENT                        | startTime |
      | startTime                      | "2030-01-01T00:00:00"     | 400 INVALID_ARGUMENT                        | startTime |
      | endPoint.id                    | "site-z"                  | 422 SITE_TO_CLOUD_VPN.SERVICE_AREA_NOT_SUPPORTED | endPoint.id |
      | isProtected                    | true                      | 422 SITE_TO_CLOUD_VPN.FEATURE_NOT_SUPPORTED | accessPoint: has one way |
      | accessPoint.secondaryWireguard | {"publicKey": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="} | 400 INVALID_ARGUMENT | accessPoint.secondaryWireguard |

  Scenario: Two ways that fail apart, each with its latency, and what that costs
    Given a request for checkAvailability
    And the body property "accessPoint.id" is "pair-a"
    And the body property "endPoint.id" is "pair-b"
    And the body property "isProtected" is true
    And the body property "sla" is "AAA"
    When checkAvailability is called
    Then the answer is 200
    And the answer's "availability" is "AVAILABLE"
    And the answer's "offers[0].protectionLatency" is 4
    And the answer's "offers[0].protectionSurcharge" is 50
    And the answer's "offers[0].protectionFee.amount" is "0.06"

  Scenario: Two ways that share something are no protection
    Given a request for checkAvailability
    And the body property "accessPoint.id" is "pair-a"
    And the body property "endPoint.id" is "near-b"
    And the body property "isProtected" is true
    When checkAvailability is called
    Then the answer is 200
    And the answer's "availability" is "UNAVAILABLE"
    And the answer's "contextCode" is "SITE_TO_CLOUD_VPN.RESOURCES_INSUFFICIENT"
    And the answer's "contextMessage" matches "no two ways"

  Scenario: A level that is sold protected only
    Given a request for checkAvailability
    And the body property "sla" is "AAA"
    When checkAvailability is called
    Then the answer is 200
    And the answer's "availability" is "UNAVAILABLE"
    And the answer's "contextCode" is "SITE_TO_CLOUD_VPN.FEATURE_NOT_SUPPORTED"

  Scenario: A protected session between addresses needs a second address at both ends
    Given a request for checkAvailability
    And the body property "accessPoint" is {"type": "SITE", "primaryIpAddress": "192.168.0.2"}
    And the body property "isProtected" is true
    When checkAvailability is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "accessPoint.secondaryIpAddress: is required"

  Scenario Outline: A sink of <sink>
    Given a request for checkAvailability
    And the body property "hold" is true
    And the body property "sink" is <sink>
    When checkAvailability is called
    Then the answer is 400 INVALID_SINK
    And the message says "sink"

    Examples:
      | sink                            |
      | "http://customer.example.com"   |
      | "https://10.0.0.1/events"       |

  Scenario: A sink without held room to tell of
    Given a request for checkAvailability
    And the body property "sink" is "https://customer.example.com/events"
    When checkAvailability is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "sink"

  Scenario Outline: A credential with <property> of <value>
    Given a request for checkAvailability
    And the body property "hold" is true
    And the body property "sink" is "https://customer.example.com/events"
    And the body property "sinkCredential" is {"credentialType": "ACCESSTOKEN", "accessToken": "t", "accessTokenExpiresUtc": "2099-01-01T00:00:00Z", "accessTokenType": "bearer"}
    And the body property "sinkCredential.<property>" is <value>
    When checkAvailability is called
    Then the answer is <outcome>
    And the message says "sinkCredential.<property>"

    Examples:
      | property              | value                  | outcome                |
      | credentialType        | "PLAIN"                | 400 INVALID_CREDENTIAL |
      | accessTokenType       | "mac"                  | 400 INVALID_TOKEN      |
      | accessTokenExpiresUtc | "2020-01-01T00:00:00Z" | 400 INVALID_TOKEN      |

  @fault
  Scenario: A credential that the provider is not set up for
    Given a request for checkAvailability
    And a provider without keys for sinks
    And the body property "hold" is true
    And the body property "sink" is "https://customer.example.com/events"
    And the body property "sinkCredential" is {"credentialType": "PRIVATE_KEY_JWT", "clientId": "provider", "tokenUri": "https://as.example.com/token"}
    When checkAvailability is called
    Then the answer is 422 PRIVATE_KEY_JWT_NOT_CONFIGURED

  Scenario: Offers that keep their room, as many as the customer may have
    Given a request for checkAvailability
    And the body property "hold" is true
    When checkAvailability is called
    Then the answer is 200
    And the answer's "offers[0].heldUntil" matches "Z$"
    When checkAvailability is called until it is refused
    Then the answer is 429 QUOTA_EXCEEDED

  @fault
  Scenario: Others were faster
    Given a request for checkAvailability
    And the core refuses with ABORTED
    When checkAvailability is called
    Then the answer is 409 ABORTED

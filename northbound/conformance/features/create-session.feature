# SPDX-License-Identifier: Apache-2.0
Feature: createSession
  An order is granted once its room is reserved, or refused with the cause.

  Scenario: An order for now
    Given a request for createSession
    When createSession is called
    Then the answer is 201
    And the answer's "status" is "REQUESTED"
    And the answer's "guaranteedReverseBandwidth" is 10
    And the answer has no "startTime"
    And the answer's "handover.accessPoint.vlanId" matches "^[0-9]+$"
    And the answer's header "Location" names the session

  Scenario: An order for later
    Given a request for createSession
    And the body property "startTime" lies 2 days ahead
    When createSession is called
    Then the answer is 201
    And the answer's "status" is "SCHEDULED"
    And the answer's "startTime" matches "Z$"

  Scenario: Where an end is, is kept
    Given a request for createSession
    And the body property "endPoint" is {"id": "site-b", "staticPrefixes": ["10.2.0.0/24"], "location": {"latitude": 50.1, "longitude": 8.6}}
    When createSession is called
    Then the answer is 201
    And the answer's "endPoint.location" is {"latitude": 50.1, "longitude": 8.6}

  Scenario: From a site to a cloud over WireGuard, with a secret that is not shown again
    Given a request for createSession
    And the body property "endPoint" is {"type": "CLOUD", "primaryIpAddress": "198.51.100.2", "staticPrefixes": ["10.2.0.0/24"], "wireguard": {"publicKey": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", "endpoint": {"ipAddress": "198.51.100.2", "port": 51820}}}
    And the body property "sink" is "https://customer.example.com/events"
    And the body property "sinkCredential" is {"credentialType": "ACCESSTOKEN", "accessToken": "s3cr3t", "accessTokenExpiresUtc": "2099-01-01T00:00:00Z", "accessTokenType": "bearer"}
    When createSession is called
    Then the answer is 201
    And the answer's "handover.endPoint.tunnel.endpoint.ipAddress" is "203.0.113.2"
    And the message does not say "s3cr3t"

  Scenario: A site that speaks BGP, with a password that reaches the router and nobody else
    Given a sink that answers 204
    And a request for createSession
    And the order goes to the sink with the token "t0k3n"
    And the body property "accessPoint" is {"id": "live-a", "asNumber": 65010, "bgpPassword": "Hush!\"#5-bgp-Password"}
    And the body property "endPoint" is {"id": "live-b", "staticPrefixes": ["10.2.0.0/24"]}
    And the body property "routingProtocol" is "BGP"
    And the header "Idempotency-Key" is "order-with-password"
    When createSession is called
    Then the answer is 201
    And the answer's "accessPoint.asNumber" is 65010
    And the answer has no "accessPoint.bgpPassword"
    And the answer's "sessionId" is remembered
    And the answer's session is the scenario's
    When createSession is called again
    Then the answer is 201
    And the answer's "sessionId" is as before
    When the session becomes ACTIVATED
    Then the sink answers 204 to ACTIVATED
    Given a request for updateSession
    When updateSession is called
    Then the answer is 202
    When the session becomes ACTIVATED
    Given a request for getSession
    When getSession is called
    Then the answer is 200
    And the answer has no "accessPoint.bgpPassword"
    And "Hush!\"#5-bgp-Password" is in no answer, event, log line or file of the provider

  Scenario Outline: A second session of a site that speaks BGP, with <password>
    Given a request for createSession
    And the body property "accessPoint" is {"id": "site-a", "asNumber": 65010, "bgpPassword": "one"}
    And the body property "routingProtocol" is "BGP"
    When createSession is called
    Then the answer is 201
    Given the body property "accessPoint.bgpPassword" is <password>
    When createSession is called again
    Then the answer is <outcome>

    Examples:
      | password | outcome                |
      | "one"    | 201                    |
      | "two"    | 409 INCOMPATIBLE_STATE |
      | missing  | 409 INCOMPATIBLE_STATE |

  Scenario Outline: A password of <password>
    Given a request for createSession
    And the body property "accessPoint" is {"id": "site-a", "asNumber": 65010}
    And the body property "routingProtocol" is "BGP"
    And the body property "accessPoint.bgpPassword" is <password>
    When createSession is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "accessPoint.bgpPassword"
    And the message does not say "hush"

    Examples:
      | password      |
      | ""            |
      | "hush hush"   |
      | "hush\thush"  |
      | "hush\u00fc"  |
      | 1234          |
      | null          |
      | "hush5678901234567890123456789012345678901234567890123456789012345678901234567890_" |

  Scenario: An order for one application behind the far end
    Given a request for createSession
    And the body property "applicationServer" is {"ipv4Address": "10.2.0.128/25"}
    When createSession is called
    Then the answer is 201
    And the answer's "applicationServer" is {"ipv4Address": "10.2.0.128/25"}

  Scenario Outline: An application server that is <sent>
    Given a request for createSession
    And the body property "applicationServer" is <sent>
    When createSession is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "<says>"

    Examples:
      | sent                                 | says                          |
      | {}                                   | applicationServer             |
      | {"ipv4Address": "10.2.0.256"}        | applicationServer.ipv4Address |
      | {"ipv4Address": "10.2.0.1/24"}       | has bits set                  |
      | {"ipv6Address": "::ffff:10.2.0.1"}   | applicationServer.ipv6Address |
      | {"ipv4Address": "10.9.0.1"}          | does not lie behind endPoint  |
      | {"ipv4Address": "10.2.0.1", "x": 1}  | applicationServer.x           |

  Scenario: A protected session, with what it takes to connect at all four addresses
    Given a request for createSession
    And the body property "accessPoint" is {"type": "SITE", "primaryIpAddress": "192.168.10.2", "secondaryIpAddress": "192.168.10.6", "staticPrefixes": ["10.1.0.0/24"]}
    And the body property "endPoint.id" is "pair-b"
    And the body property "isProtected" is true
    And the body property "sla" is "AAA"
    When createSession is called
    Then the answer is 201
    And the answer's "isProtected" is true
    And the answer's "protectionLatency" is 4
    And the answer's "accessPoint.secondaryIpAddress" is "192.168.10.6"
    And the answer's "handover.accessPoint.customerIpAddress" is "192.168.10.2"
    And the answer's "handover.secondaryAccessPoint.customerIpAddress" is "192.168.10.6"
    And the answer's "handover.secondaryEndPoint.providerIpAddresses" is ["192.168.11.5/30"]

  Scenario Outline: A protected session with <property> of <value>
    Given a request for createSession
    And the body property "accessPoint" is {"type": "SITE", "primaryIpAddress": "192.168.10.2", "secondaryIpAddress": "192.168.10.6", "staticPrefixes": ["10.1.0.0/24"]}
    And the body property "endPoint.id" is "pair-b"
    And the body property "isProtected" is true
    And the body property "<property>" is <value>
    When createSession is called
    Then the answer is <outcome>
    And the message says "<says>"

    Examples:
      | property                       | value          | outcome                                          | says                            |
      | accessPoint.secondaryIpAddress | missing        | 400 INVALID_ARGUMENT                             | accessPoint.secondaryIpAddress  |
      | accessPoint.secondaryIpAddress | "192.168.10.2" | 400 INVALID_ARGUMENT                             | accessPoint.secondaryIpAddress  |
      | accessPoint.secondaryIpAddress | "192.168.10.9" | 422 SITE_TO_CLOUD_VPN.SERVICE_AREA_NOT_SUPPORTED | accessPoint.secondaryIpAddress  |
      | endPoint.id                    | "site-b"       | 422 SITE_TO_CLOUD_VPN.FEATURE_NOT_SUPPORTED      | endPoint: has one way           |
      | endPoint.id                    | "near-b"       | 422 SITE_TO_CLOUD_VPN.RESOURCES_INSUFFICIENT     | isProtected: there are no two ways |
      | guaranteedBandwidth            | 5000           | 422 SITE_TO_CLOUD_VPN.RESOURCES_INSUFFICIENT     | bandwidth                       |

  Scenario: A level that is sold protected only
    Given a request for createSession
    And the body property "sla" is "AAA"
    When createSession is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "sla"

  Scenario: An order at the price of an offer
    Given a request for checkAvailability
    And the body property "sla" is "AA"
    When checkAvailability is called
    Then the answer is 200
    Given a request for createSession
    And the body property "offerId" is the answer's "offers[0].offerId"
    When createSession is called
    Then the answer is 201

  Scenario: A repeated order is the same order
    Given a request for createSession
    And the header "Idempotency-Key" is "order-1"
    When createSession is called
    Then the answer is 201
    And the answer's "sessionId" is remembered
    When createSession is called again
    Then the answer is 201
    And the answer's "sessionId" is as before
    Given the body property "name" is "another"
    When createSession is called again
    Then the answer is 422 SITE_TO_CLOUD_VPN.IDEMPOTENCY_KEY_REUSED
    And the message says "Idempotency-Key"

  Scenario: A repeated order is answered as the first one, whatever has become of the session
    Given a request for createSession
    And the header "Idempotency-Key" is "order-3"
    When createSession is called
    Then the answer is 201
    And the answer is remembered
    And the answer's session is the scenario's
    Given a request for deleteSession
    When deleteSession is called
    Given a request for getSession
    When getSession is called
    Then the answer's "statusInfo" is "DELETE_REQUESTED"
    Given a request for createSession
    And the header "Idempotency-Key" is "order-3"
    When createSession is called
    Then the answer is 201
    And the answer is the same as before, in every byte

  Scenario: The same key of another customer is another order
    Given a request for createSession
    And the header "Idempotency-Key" is "order-2"
    When createSession is called
    Then the answer is 201
    And the answer's "sessionId" is remembered
    Given the request is of another customer
    When createSession is called again
    Then the answer is 201
    And the answer's "sessionId" is not as before

  Scenario Outline: The Idempotency-Key "<key>"
    Given a request for createSession
    And the header "Idempotency-Key" is "<key>"
    When createSession is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "Idempotency-Key"

    Examples:
      | key       |
      | with room |
      | naïve     |

  Scenario: An Idempotency-Key that is too long
    Given a request for createSession
    And the header "Idempotency-Key" is 129 characters long
    When createSession is called
    Then the answer is 400 INVALID_ARGUMENT

  Scenario Outline: <property> of <value>
    Given a request for createSession
    And the body property "<property>" is <value>
    When createSession is called
    Then the answer is <outcome>
    And the message says "<says>"

    Examples:
      | property                     | value                      | outcome                                          | says                                   |
      | accessPoint                  | missing                    | 400 INVALID_ARGUMENT                             | accessPoint: is required               |
      | sla                          | missing                    | 400 INVALID_ARGUMENT                             | sla: is required                       |
      | sla                          | "AAAA"                     | 400 INVALID_ARGUMENT                             | sla                                    |
      | sla                          | "AAA"                      | 400 INVALID_ARGUMENT                             | sla                                    |
      | guaranteedBandwidth          | missing                    | 400 INVALID_ARGUMENT                             | guaranteedBandwidth: is required       |
      | guaranteedBandwidth          | "ten"                      | 400 INVALID_ARGUMENT                             | guaranteedBandwidth                    |
      | guaranteedBandwidth          | null                       | 400 INVALID_ARGUMENT                             | guaranteedBandwidth                    |
      | guaranteedBandwidth          | 0                          | 400 OUT_OF_RANGE                                 | guaranteedBandwidth                    |
      | guaranteedBandwidth          | 1000001                    | 400 OUT_OF_RANGE                                 | guaranteedBandwidth                    |
      | guaranteedReverseBandwidth   | -1                         | 400 OUT_OF_RANGE                                 | guaranteedReverseBandwidth             |
      | duration                     | 0                          | 400 OUT_OF_RANGE                                 | duration                               |
      | duration                     | 2147483647                 | 400 SITE_TO_CLOUD_VPN.DURATION_OUT_OF_RANGE      | duration                               |
      | name                         | ""                         | 400 INVALID_ARGUMENT                             | name                                   |
      | name                         | "a\u0007b"                 | 400 INVALID_ARGUMENT                             | name                                   |
      | name                         | "a\u009b31mb"              | 400 INVALID_ARGUMENT                             | name                                   |
      | accessPoint.id               | missing                    | 400 INVALID_ARGUMENT                             | accessPoint.type: is required          |
      | accessPoint.type             | "SITE"                     | 400 INVALID_ARGUMENT                             | accessPoint                            |
      | accessPoint.location         | {"latitude": 91, "longitude": 0} | 400 OUT_OF_RANGE                           | accessPoint.location.latitude          |
      | accessPoint.location         | {"latitude": 50}           | 400 INVALID_ARGUMENT                             | accessPoint.location.longitude         |
      | accessPoint.staticPrefixes   | ["10.1.0.1/24"]            | 400 INVALID_ARGUMENT                             | accessPoint.staticPrefixes[0]          |
      | accessPoint.staticPrefixes   | ["10.1.0.0/99"]            | 400 INVALID_ARGUMENT                             | accessPoint.staticPrefixes[0]          |
      | accessPoint.staticPrefixes   | ["10.1.0.0/16", "10.1.2.0/24"] | 400 INVALID_ARGUMENT                         | accessPoint.staticPrefixes[1]          |
      | accessPoint.staticPrefixes   | ["10.1.0.0/24", "127.0.0.0/8"] | 400 INVALID_ARGUMENT                         | accessPoint.staticPrefixes[1]          |
      | accessPoint.staticPrefixes   | ["0.0.0.0/8"]              | 400 INVALID_ARGUMENT                             | accessPoint.staticPrefixes[0]          |
      | accessPoint.staticPrefixes   | ["169.254.0.0/16"]         | 400 INVALID_ARGUMENT                             | accessPoint.staticPrefixes[0]          |
      | accessPoint.staticPrefixes   | ["224.0.0.0/4"]            | 400 INVALID_ARGUMENT                             | accessPoint.staticPrefixes[0]          |
      | accessPoint.staticPrefixes   | ["255.255.255.255/32"]     | 400 INVALID_ARGUMENT                             | accessPoint.staticPrefixes[0]          |
      | accessPoint.staticPrefixes   | ["::/128"]                 | 400 INVALID_ARGUMENT                             | accessPoint.staticPrefixes[0]          |
      | accessPoint.staticPrefixes   | ["::1/128"]                | 400 INVALID_ARGUMENT                             | accessPoint.staticPrefixes[0]          |
      | accessPoint.staticPrefixes   | ["fe80::/10"]              | 400 INVALID_ARGUMENT                             | accessPoint.staticPrefixes[0]          |
      | accessPoint.staticPrefixes   | ["ff00::/8"]               | 400 INVALID_ARGUMENT                             | accessPoint.staticPrefixes[0]          |
      | accessPoint.staticPrefixes   | []                         | 400 INVALID_ARGUMENT                             | accessPoint.staticPrefixes             |
      | endPoint.staticPrefixes      | ["10.1.0.0/24"]            | 400 INVALID_ARGUMENT                             | endPoint.staticPrefixes                |
      | endPoint                     | {"type": "SITE", "primaryIpAddress": "300.1.1.1"} | 400 INVALID_ARGUMENT      | endPoint.primaryIpAddress              |
      | endPoint                     | {"type": "SITE", "primaryIpAddress": "224.0.0.1"} | 400 INVALID_ARGUMENT      | endPoint.primaryIpAddress              |
      | endPoint                     | {"id": "cloud", "staticPrefixes": ["10.2.0.0/24"]} | 400 INVALID_ARGUMENT     | endPoint.wireguard                     |
      | endPoint                     | {"id": "cloud", "staticPrefixes": ["10.2.0.0/24"], "wireguard": {"publicKey": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="}} | 400 INVALID_ARGUMENT | endPoint.wireguard.publicKey |
      | endPoint                     | {"id": "cloud", "wireguard": {"publicKey": "AAAA"}} | 400 INVALID_ARGUMENT    | endPoint.wireguard.publicKey           |
      | endPoint                     | {"id": "cloud", "staticPrefixes": ["10.2.0.0/24"], "wireguard": {"publicKey": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", "endpoint": {"ipAddress": "10.0.0.1", "port": 51820}}} | 400 INVALID_ARGUMENT | endPoint.wireguard.endpoint.ipAddress |
      | endPoint                     | {"id": "cloud", "staticPrefixes": ["10.2.0.0/24"], "wireguard": {"publicKey": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg=", "endpoint": {"ipAddress": "203.0.113.2", "port": 51820}}} | 400 INVALID_ARGUMENT | endPoint.wireguard.endpoint.ipAddress |
      | routingProtocol              | "RIP"                      | 400 INVALID_ARGUMENT                             | routingProtocol                        |
      | routingProtocol              | "BGP"                      | 400 INVALID_ARGUMENT                             | accessPoint.asNumber                   |
      | accessPoint.asNumber         | 0                          | 400 OUT_OF_RANGE                                 | accessPoint.asNumber                   |
      | accessPoint.bgpPassword      | "without-bgp"              | 400 INVALID_ARGUMENT                             | accessPoint.bgpPassword: needs an asNumber |
      | endPoint                     | {"id": "cloud", "asNumber": 65010, "bgpPassword": "x"} | 422 SITE_TO_CLOUD_VPN.FEATURE_NOT_SUPPORTED | endPoint.asNumber |
      | startTime                    | "2020-01-01T00:00:00Z"     | 400 INVALID_ARGUMENT                             | startTime: lies in the past            |
      | startTime                    | "2030-01-01T00:00:00"      | 400 INVALID_ARGUMENT                             | startTime                              |
      | startTime                    | "2030-02-31T00:00:00Z"     | 400 INVALID_ARGUMENT                             | startTime                              |
      | sinkCredential               | {"credentialType": "ACCESSTOKEN", "accessToken": "t", "accessTokenExpiresUtc": "2099-01-01T00:00:00Z", "accessTokenType": "bearer"} | 400 INVALID_ARGUMENT | sinkCredential: needs a sink |
      | sink                         | "http://customer.example.com" | 400 INVALID_SINK                              | sink                                   |
      | sink                         | "https://user:secret@customer.example.com" | 400 INVALID_SINK                 | sink                                   |
      | sink                         | "https://10.0.0.1/events"  | 400 INVALID_SINK                                 | sink                                   |
      | sink                         | "https://169.254.169.254/latest" | 400 INVALID_SINK                           | sink                                   |
      | offerId                      | "not an offer"             | 400 INVALID_ARGUMENT                             | offerId                                |
      | endPoint.id                  | "site-z"                   | 422 SITE_TO_CLOUD_VPN.SERVICE_AREA_NOT_SUPPORTED | endPoint                               |
      | isProtected                  | true                       | 422 SITE_TO_CLOUD_VPN.FEATURE_NOT_SUPPORTED      | accessPoint: has one way               |
      | accessPoint.secondaryWireguard | {"publicKey": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="} | 400 INVALID_ARGUMENT | accessPoint.secondaryWireguard |
      | guaranteedBandwidth          | 40000                      | 422 SITE_TO_CLOUD_VPN.RESOURCES_INSUFFICIENT     | bandwidth                              |

  Scenario Outline: A credential with <property> of <value>
    Given a request for createSession
    And the body property "sink" is "https://customer.example.com/events"
    And the body property "sinkCredential" is {"credentialType": "ACCESSTOKEN", "accessToken": "t", "accessTokenExpiresUtc": "2099-01-01T00:00:00Z", "accessTokenType": "bearer"}
    And the body property "sinkCredential.<property>" is <value>
    When createSession is called
    Then the answer is <outcome>
    And the message says "sinkCredential.<property>"

    Examples:
      | property              | value                  | outcome                |
      | credentialType        | "PLAIN"                | 400 INVALID_CREDENTIAL |
      | credentialType        | "REFRESHTOKEN"         | 400 INVALID_CREDENTIAL |
      | accessTokenType       | "mac"                  | 400 INVALID_TOKEN      |
      | accessTokenExpiresUtc | "2020-01-01T00:00:00Z" | 400 INVALID_TOKEN      |
      | accessToken           | missing                | 400 INVALID_ARGUMENT   |

  Scenario: A credential with a property that none has
    Given a request for createSession
    And the body property "sink" is "https://customer.example.com/events"
    And the body property "sinkCredential" is {"credentialType": "PRIVATE_KEY_JWT", "clientId": "provider", "tokenUri": "https://as.example.com/token", "clientSecret": "s"}
    When createSession is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "sinkCredential.clientSecret: is not a property"

  Scenario: A credential with which the provider gets tokens itself
    Given a request for createSession
    And the body property "sink" is "https://customer.example.com/events"
    And the body property "sinkCredential" is {"credentialType": "PRIVATE_KEY_JWT", "clientId": "provider", "tokenUri": "https://as.example.com/token"}
    When createSession is called
    Then the answer is 201
    And the answer's "sinkCredential.jwksUri" matches "/.well-known/jwks/"

  @fault
  Scenario: A credential that the provider is not set up for
    Given a request for createSession
    And a provider without keys for sinks
    And the body property "sink" is "https://customer.example.com/events"
    And the body property "sinkCredential" is {"credentialType": "PRIVATE_KEY_JWT", "clientId": "provider", "tokenUri": "https://as.example.com/token"}
    When createSession is called
    Then the answer is 422 PRIVATE_KEY_JWT_NOT_CONFIGURED

  Scenario: An offer that is none of ours
    Given a request for createSession
    And the body property "offerId" is "bm9uZS1vZi1vdXJz"
    When createSession is called
    Then the answer is 422 SITE_TO_CLOUD_VPN.OFFER_ALTERED

  Scenario: An order for something else than was offered
    Given a request for checkAvailability
    When checkAvailability is called
    Then the answer is 200
    Given a request for createSession
    And the body property "offerId" is the answer's "offers[1].offerId"
    And the body property "guaranteedBandwidth" is 11
    When createSession is called
    Then the answer is 422 SITE_TO_CLOUD_VPN.OFFER_ALTERED

  Scenario: An order with a held offer, once
    Given a request for checkAvailability
    And the body property "hold" is true
    When checkAvailability is called
    Then the answer is 200
    Given a request for createSession
    And the body property "offerId" is the answer's "offers[1].offerId"
    When createSession is called
    Then the answer is 201
    When createSession is called again
    Then the answer is 409 SITE_TO_CLOUD_VPN.OFFER_USED

  Scenario: An offer made for another customer
    Given a request for checkAvailability
    When checkAvailability is called
    Then the answer is 200
    Given a request for createSession
    And the body property "offerId" is the answer's "offers[1].offerId"
    And the request is of another customer
    When createSession is called
    Then the answer is 403 SITE_TO_CLOUD_VPN.OFFER_FOREIGN

  Scenario: An offer that has expired
    Given a request for checkAvailability
    When checkAvailability is called
    Then the answer is 200
    Given the time of the answer's "offers[1].validUntil" has come
    And a request for createSession
    And the body property "offerId" is the answer's "offers[1].offerId"
    When createSession is called
    Then the answer is 422 SITE_TO_CLOUD_VPN.OFFER_EXPIRED

  Scenario: Prefixes that overlap another site of the same network
    Given a session that is REQUESTED
    And a request for createSession
    And the body property "endPoint" is {"id": "live-a", "staticPrefixes": ["10.2.0.0/16"]}
    When createSession is called
    Then the answer is 422 SITE_TO_CLOUD_VPN.PREFIX_OVERLAP

  Scenario: A tunnel that is ordered again
    Given a request for createSession
    And the body property "endPoint" is {"id": "cloud", "staticPrefixes": ["10.2.0.0/24"], "wireguard": {"publicKey": "xTIBA5rboUvnH4htodjb6e697QjLERt1NAB4mZqp8Dg="}}
    When createSession is called
    Then the answer is 201
    When createSession is called again
    Then the answer is 409 ALREADY_EXISTS
    And the message says "same ends, tunnel key and prefixes"

  Scenario: An access point that is routed differently already
    Given a session that is REQUESTED
    And a request for createSession
    And the body property "routingProtocol" is "BGP"
    And the body property "accessPoint.asNumber" is 65010
    When createSession is called
    Then the answer is 409 INCOMPATIBLE_STATE

  Scenario: A customer with all its sessions
    Given the customer has as many sessions as it may
    And a request for createSession
    When createSession is called
    Then the answer is 429 QUOTA_EXCEEDED
    And the answer's header "Retry-After" is "5"

  Scenario: More bandwidth than there is
    Given a request for createSession
    And the body property "guaranteedBandwidth" is 60000
    When createSession is called
    Then the answer is 422 SITE_TO_CLOUD_VPN.RESOURCES_INSUFFICIENT

  @fault
  Scenario Outline: An order that the core refuses with <refusal>
    Given a request for createSession
    And the core refuses with <refusal>
    When createSession is called
    Then the answer is 409 <refusal>

    Examples:
      | refusal |
      | ABORTED |

# SPDX-License-Identifier: Apache-2.0
Feature: What holds for every operation
  Correlation, methods, media types, sizes and the form of a body. Every answer
  of every scenario is held against the contract, x-correlator included.

  Scenario Outline: <operation> gives the correlator back
    Given a request for <operation>
    And the token is <token>
    And the header "x-correlator" is "b4333c46-49c0-4f62-80d7-f0ef930f1c46"
    When <operation> is called
    Then the answer is <outcome>
    And the answer's header "x-correlator" is "b4333c46-49c0-4f62-80d7-f0ef930f1c46"

    Examples:
      | operation             | token   | outcome             |
      | checkAvailability     | good    | 200                 |
      | checkAvailability     | missing | 401 UNAUTHENTICATED |
      | createSession         | good    | 201                 |
      | createSession         | missing | 401 UNAUTHENTICATED |
      | listSessions          | good    | 200                 |
      | listSessions          | missing | 401 UNAUTHENTICATED |
      | getSession            | good    | 200                 |
      | getSessionPerformance | good    | 200                 |
      | getSession            | missing | 401 UNAUTHENTICATED |
      | getSessionPerformance | missing | 401 UNAUTHENTICATED |
      | extendSessionDuration | good    | 200                 |
      | extendSessionDuration | missing | 401 UNAUTHENTICATED |
      | updateSession         | missing | 401 UNAUTHENTICATED |
      | deleteSession         | good    | 202                 |
      | deleteSession         | missing | 401 UNAUTHENTICATED |

  Scenario Outline: <operation> with a bad correlator
    Given a request for <operation>
    And the token is missing
    And the header "x-correlator" is "not a correlator"
    When <operation> is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "x-correlator"

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

  Scenario: A correlator that is too long
    Given a request for listSessions
    And the header "x-correlator" is 257 characters long
    When listSessions is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "x-correlator"

  Scenario: A correlator that is given twice
    Given a request for listSessions
    And the header "x-correlator" is given twice
    When listSessions is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "x-correlator"

  Scenario Outline: <method> <path>
    Given a request for listSessions
    And the method is <method>
    And the path is "<path>"
    When the request is sent
    Then the answer is 405 METHOD_NOT_ALLOWED
    And the answer's header "Allow" is "<allow>"

    Examples:
      | method | path                         | allow     |
      | GET    | /check-availability          | POST      |
      | DELETE | /check-availability          | POST      |
      | PUT    | /sessions                    | GET, POST |
      | DELETE | /sessions                    | GET, POST |
      | GET    | /sessions/{sessionId}/extend | POST      |

  Scenario: A method that a session does not have
    Given a request for getSession
    And the method is PUT
    When the request is sent
    Then the answer is 405 METHOD_NOT_ALLOWED

  Scenario: A header that is too large
    Given a request for listSessions
    And the header "x-correlator" is "large"
    And the header "User-Agent" is 40000 characters long
    When listSessions is called
    Then the answer is 431 REQUEST_HEADER_FIELDS_TOO_LARGE
    And the answer's header "x-correlator" is "large"

  Scenario Outline: There is nothing at <path>
    Given a request for listSessions
    And the path is "<path>"
    When the request is sent
    Then the answer is 404 NOT_FOUND

    Examples:
      | path               |
      | /networks          |
      | /sessions/         |
      | //sessions         |
      | /x/../sessions     |

  Scenario Outline: <operation> for a client that takes <accept> only
    Given a request for <operation>
    And the header "Accept" is "<accept>"
    When <operation> is called
    Then the answer is 406 NOT_ACCEPTABLE

    Examples:
      | operation             | accept                        |
      | checkAvailability     | application/xml               |
      | createSession         | text/html                     |
      | listSessions          | application/json;q=0, */*     |
      | getSession            | image/png                     |
      | getSessionPerformance | image/png                     |
      | extendSessionDuration | application/xml               |
      | updateSession         | application/xml               |
      | deleteSession         | application/xml               |

  Scenario Outline: JSON is taken, with a weight of <weight>
    Given a request for listSessions
    And the header "Accept" is "text/html, application/json;q=<weight>"
    When listSessions is called
    Then the answer is 200

    Examples:
      | weight |
      | 0.001  |
      | high   |
      | 1;q=1  |

  Scenario Outline: <operation> takes JSON of whatever parameters
    Given a request for <operation>
    And the header "Accept" is "text/html, application/*;q=0.5"
    And the header "Content-Type" is "application/json; charset=UTF-8"
    When <operation> is called
    Then the answer is <status>

    Examples:
      | operation             | status |
      | checkAvailability     | 200    |
      | createSession         | 201    |
      | extendSessionDuration | 200    |

  Scenario Outline: <operation> with a body of type "<type>"
    Given a request for <operation>
    And the header "Content-Type" is "<type>"
    When <operation> is called
    Then the answer is 415 UNSUPPORTED_MEDIA_TYPE
    And the message says "Content-Type"

    Examples:
      | operation             | type                                |
      | checkAvailability     | application/xml                     |
      | createSession         | application/xml                     |
      | createSession         | application/json; charset=iso-8859-1 |
      | createSession         | application/x-www-form-urlencoded   |
      | createSession         | text/plain                          |
      | extendSessionDuration | application/xml                     |
      | updateSession         | application/xml                     |

  Scenario Outline: <operation> with a body of no type
    Given a request for <operation>
    And the header "Content-Type" is missing
    When <operation> is called
    Then the answer is 415 UNSUPPORTED_MEDIA_TYPE

    Examples:
      | operation             |
      | checkAvailability     |
      | createSession         |
      | extendSessionDuration |
      | updateSession         |

  Scenario: A compressed body
    Given a request for createSession
    And the body is compressed
    When createSession is called
    Then the answer is 415 UNSUPPORTED_MEDIA_TYPE
    And the message says "Content-Encoding"

  Scenario Outline: <operation> with a huge body
    Given a request for <operation>
    And the body is <bytes> bytes long
    When <operation> is called
    Then the answer is 413 PAYLOAD_TOO_LARGE
    And the message says "65536"

    Examples:
      | operation             | bytes    |
      | checkAvailability     | 65537    |
      | createSession         | 65537    |
      | createSession         | 10000000 |
      | extendSessionDuration | 65537    |
      | updateSession         | 65537    |

  Scenario Outline: <operation> with a body that is <fault>
    Given a request for <operation>
    And the body is <fault>
    When <operation> is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "<says>"

    Examples:
      | operation             | fault            | says            |
      | checkAvailability     | empty            | missing         |
      | createSession         | empty            | missing         |
      | extendSessionDuration | empty            | missing         |
      | updateSession         | empty            | missing         |
      | checkAvailability     | not valid UTF-8  | UTF-8           |
      | createSession         | not valid UTF-8  | UTF-8           |
      | extendSessionDuration | not valid UTF-8  | UTF-8           |
      | updateSession         | not valid UTF-8  | UTF-8           |
      | checkAvailability     | cut off          | not valid JSON  |
      | createSession         | cut off          | not valid JSON  |
      | extendSessionDuration | cut off          | not valid JSON  |
      | updateSession         | cut off          | not valid JSON  |
      | checkAvailability     | nested 17 deep   | nested too deep |
      | createSession         | nested 17 deep   | nested too deep |
      | extendSessionDuration | nested 17 deep   | nested too deep |
      | updateSession         | nested 17 deep   | nested too deep |
      | createSession         | nested 5000 deep | nested too deep |

  Scenario Outline: <operation> with a body of <what>
    Given a request for <operation>
    And the body is:
      """
      <body>
      """
    When <operation> is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "<says>"

    Examples:
      | operation             | what               | body                                       | says                                      |
      | checkAvailability     | nothing inside     | {}                                         | accessPoint: is required                  |
      | createSession         | nothing inside     | {}                                         | accessPoint: is required                  |
      | extendSessionDuration | nothing inside     | {}                                         | requestedAdditionalDuration: is required  |
      | createSession         | an array           | []                                         | object                                    |
      | createSession         | null               | null                                       | object                                    |
      | createSession         | two values         | {} {}                                      | goes on                                   |
      | createSession         | no JSON            | hello                                      | not valid JSON                            |
      | extendSessionDuration | a wrong type       | {"requestedAdditionalDuration": "an hour"} | requestedAdditionalDuration               |

  Scenario Outline: <operation> with <property> given twice
    Given a request for <operation>
    And the body property "<property>" is given twice
    When <operation> is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "is given twice"

    Examples:
      | operation             | property                    |
      | checkAvailability     | guaranteedBandwidth         |
      | createSession         | sla                         |
      | createSession         | accessPoint.id              |
      | extendSessionDuration | requestedAdditionalDuration |

  Scenario Outline: <operation> with the unknown property <property>
    Given a request for <operation>
    And the body property "<property>" is 1
    When <operation> is called
    Then the answer is 400 INVALID_ARGUMENT
    And the message says "<property>: is not a property"

    Examples:
      | operation             | property                          |
      | checkAvailability     | price                             |
      | checkAvailability     | endPoint.vrf                      |
      | createSession         | price                             |
      | createSession         | Name                              |
      | createSession         | status                            |
      | createSession         | accessPoint.location.altitude     |
      | createSession         | endPoint.wireguard.endpoint.proto |
      | extendSessionDuration | until                             |
      | updateSession         | sink                              |

  Scenario Outline: <operation> of more requests than the customer may send
    Given a customer that may send one request a second
    And a request for <operation>
    When <operation> is called until it is refused
    Then the answer is 429 TOO_MANY_REQUESTS
    And the answer's header "Retry-After" is "1"

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

  @fault
  Scenario Outline: <operation> when the core fails with <failure>
    Given a request for <operation>
    And the core fails with <failure>
    When <operation> is called
    Then the answer is <outcome>
    And the message does not say "hunter2"

    Examples:
      | operation             | failure     | outcome         |
      | checkAvailability     | PANIC       | 500 INTERNAL    |
      | createSession         | PANIC       | 500 INTERNAL    |
      | listSessions          | PANIC       | 500 INTERNAL    |
      | getSession            | PANIC       | 500 INTERNAL    |
      | getSessionPerformance | PANIC       | 500 INTERNAL    |
      | extendSessionDuration | PANIC       | 500 INTERNAL    |
      | updateSession         | PANIC       | 500 INTERNAL    |
      | deleteSession         | PANIC       | 500 INTERNAL    |
      | checkAvailability     | DISK_FULL   | 500 INTERNAL    |
      | createSession         | DISK_FULL   | 500 INTERNAL    |
      | listSessions          | DISK_FULL   | 500 INTERNAL    |
      | getSession            | DISK_FULL   | 500 INTERNAL    |
      | getSessionPerformance | DISK_FULL   | 500 INTERNAL    |
      | extendSessionDuration | DISK_FULL   | 500 INTERNAL    |
      | updateSession         | DISK_FULL   | 500 INTERNAL    |
      | deleteSession         | DISK_FULL   | 500 INTERNAL    |
      | checkAvailability     | UNAVAILABLE | 503 UNAVAILABLE |
      | createSession         | UNAVAILABLE | 503 UNAVAILABLE |
      | listSessions          | UNAVAILABLE | 503 UNAVAILABLE |
      | getSession            | UNAVAILABLE | 503 UNAVAILABLE |
      | getSessionPerformance | UNAVAILABLE | 503 UNAVAILABLE |
      | extendSessionDuration | UNAVAILABLE | 503 UNAVAILABLE |
      | updateSession         | UNAVAILABLE | 503 UNAVAILABLE |
      | deleteSession         | UNAVAILABLE | 503 UNAVAILABLE |
      | checkAvailability     | NO_ANSWER   | 504 TIMEOUT     |
      | createSession         | NO_ANSWER   | 504 TIMEOUT     |
      | listSessions          | NO_ANSWER   | 504 TIMEOUT     |
      | getSession            | NO_ANSWER   | 504 TIMEOUT     |
      | getSessionPerformance | NO_ANSWER   | 504 TIMEOUT     |
      | extendSessionDuration | NO_ANSWER   | 504 TIMEOUT     |
      | updateSession         | NO_ANSWER   | 504 TIMEOUT     |
      | deleteSession         | NO_ANSWER   | 504 TIMEOUT     |

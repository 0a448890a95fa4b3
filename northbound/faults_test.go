// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/s2cd/s2cd/northbound/api"
	"github.com/s2cd/s2cd/session"
)

// with returns goodOrder with the text old replaced.
func with(old, replacement string) string {
	if !strings.Contains(goodOrder, old) {
		panic("goodOrder has no " + old)
	}
	return strings.Replace(goodOrder, old, replacement, 1)
}

// warnedInquiry has its sink told before the offers that are held end.
const warnedInquiry = `{"accessPoint": {"id": "a"}, "endPoint": {"id": "b"}, "guaranteedBandwidth": 1, "hold": true, "sink": "https://customer.example.com/events",
  "sinkCredential": {"credentialType": "ACCESSTOKEN", "accessToken": "s3cr3t", "accessTokenExpiresUtc": "2026-12-31T00:00:00Z", "accessTokenType": "bearer"}}`

// warned returns warnedInquiry with the text old replaced.
func warned(old, replacement string) string {
	if !strings.Contains(warnedInquiry, old) {
		panic("warnedInquiry has no " + old)
	}
	return strings.Replace(warnedInquiry, old, replacement, 1)
}

// faulty is one kind of faulty request and what it is told.
type faulty struct {
	name   string
	req    request
	status int
	code   string
	says   string // part of the message
}

// create is a POST /sessions with a body.
func create(body string, header ...string) request {
	h := map[string]string{}
	for i := 0; i+1 < len(header); i += 2 {
		h[header[i]] = header[i+1]
	}
	return request{method: "POST", path: "/sessions", token: "acme", body: body, header: h}
}

func check(body string) request {
	return request{method: "POST", path: "/check-availability", token: "acme", body: body}
}

func get(path string) request { return request{method: "GET", path: path, token: "acme"} }

const someID = "/sessions/7f7a1f7e-5a3c-4a4e-9d0c-0f6f2d2f4f11"

func faultyBodies() []faulty {
	const bad = "INVALID_ARGUMENT"
	ends := `"accessPoint": {"id": "a"}, "endPoint": {"id": "b"}`
	return []faulty{
		{"no body", create(" "), 400, bad, "missing"},
		{"not JSON", create("hello"), 400, bad, "not valid JSON"},
		{"cut off", create(goodOrder[:40]), 400, bad, "not valid JSON"},
		{"two values", create(goodOrder + "{}"), 400, bad, "goes on"},
		{"trailing comma", create(`{"sla": "A",}`), 400, bad, "not valid JSON"},
		{"an array", create("[]"), 400, bad, "object"},
		{"null", create("null"), 400, bad, "object"},
		{"empty object", create("{}"), 400, bad, "accessPoint: is required"},
		{"bad UTF-8", create("{\"name\": \"\xff\"}"), 400, bad, "UTF-8"},
		{"half a character", create(with("branch-to-vpc", `a\ud83d b`)), 400, bad, "half a surrogate pair"},
		{"the other half", create(with("branch-to-vpc", `\\\ude00`)), 400, bad, "half a surrogate pair"},
		{"half a name", create(`{"\uD83D\u0041": 1}`), 400, bad, "half a surrogate pair"},
		{"nested too deep", create(strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 40)), 400, bad, "nested too deep"},
		{"deep arrays", create(`{"name": ` + strings.Repeat("[", 5000)), 400, bad, "nested too deep"},
		{"duplicate property", create(with(`"sla": "A"`, `"sla": "A", "sla": "AA"`)), 400, bad, "sla: is given twice"},
		{"duplicate inside", create(with(`"id": "site-berlin"`, `"id": "site-berlin", "id": "x"`)), 400, bad, "accessPoint.id: is given twice"},
		{"unknown property", create(with(`"name"`, `"naam"`)), 400, bad, "naam: is not a property"},
		{"unknown, other case", create(with(`"name"`, `"Name"`)), 400, bad, "Name: is not a property"},
		{"unknown deep down", create(with(`"port": 51820`, `"port": 51820, "proto": "udp"`)), 400, bad, "endPoint.wireguard.endpoint.proto: is not a property"},
		{"unknown in credential", create(with(`"accessTokenType"`, `"clientId": "x", "accessTokenType"`)), 400, bad, "sinkCredential.clientId: is not a property"},
		{"property of an answer", create(with(`"sla"`, `"status": "ACTIVATED", "sla"`)), 400, bad, "status: is not a property"},
		{"misspelled in old drafts", create(with(`"guaranteedBandwidth": 100,`, `"guaranteeBandwidth": 100,`)), 400, bad, "guaranteeBandwidth: is not a property"},
		{"missing sla", create(`{` + ends + `, "guaranteedBandwidth": 1}`), 400, bad, "sla: is required"},
		{"unknown sla", create(with(`"sla": "A"`, `"sla": "AAAA"`)), 400, bad, "sla: "},
		{"bandwidth in words", create(with(`"guaranteedBandwidth": 100`, `"guaranteedBandwidth": "100"`)), 400, bad, "guaranteedBandwidth: "},
		{"bandwidth null", create(with(`"guaranteedBandwidth": 100`, `"guaranteedBandwidth": null`)), 400, bad, "guaranteedBandwidth: "},
		{"bandwidth a fraction", create(with(`"guaranteedBandwidth": 100`, `"guaranteedBandwidth": 1.5`)), 400, bad, "guaranteedBandwidth: "},
		{"bandwidth with exponent", create(with(`"guaranteedBandwidth": 100`, `"guaranteedBandwidth": 1e2`)), 400, bad, "guaranteedBandwidth: must be an integer"},
		{"bandwidth nil", create(with(`"guaranteedBandwidth": 100`, `"guaranteedBandwidth": 0`)), 400, "OUT_OF_RANGE", "guaranteedBandwidth: "},
		{"bandwidth too large", create(with(`"guaranteedBandwidth": 100`, `"guaranteedBandwidth": 1000001`)), 400, "OUT_OF_RANGE", "guaranteedBandwidth: must be from 1 to 1000000"},
		{"bandwidth beyond 32 bits", create(with(`"guaranteedBandwidth": 100`, `"guaranteedBandwidth": 3000000000`)), 400, "OUT_OF_RANGE", "guaranteedBandwidth: must be from 1 to 1000000"},
		{"bandwidth beyond 64 bits", create(with(`"guaranteedBandwidth": 100`, `"guaranteedBandwidth": -10000000000000000000`)), 400, "OUT_OF_RANGE", "guaranteedBandwidth: must be from 1 to 1000000"},
		{"reverse bandwidth negative", create(with(`"guaranteedReverseBandwidth": 50`, `"guaranteedReverseBandwidth": -1`)), 400, "OUT_OF_RANGE", "guaranteedReverseBandwidth: "},
		{"number beyond all bounds", create(with(`"duration": 86400`, `"duration": 1e999`)), 400, bad, "duration: "},
		{"duration nil", create(with(`"duration": 86400`, `"duration": 0`)), 400, "OUT_OF_RANGE", "duration: "},
		{"bad latitude", create(with(`50.1`, `91`)), 400, "OUT_OF_RANGE", "endPoint.location.latitude: must be from -90 to 90"},
		{"bad longitude", create(with(`8.6`, `"east"`)), 400, bad, "endPoint.location.longitude: "},
		{"half a location", create(with(`{"latitude": 50.1, "longitude": 8.6}`, `{"latitude": 50.1}`)), 400, bad, "endPoint.location.longitude: is required"},
		{"end without a name", create(with(`"id": "site-berlin", `, ``)), 400, bad, "accessPoint.type: is required"},
		{"end with two names", create(with(`"type": "CLOUD"`, `"id": "x", "type": "CLOUD"`)), 400, bad, "endPoint: give either id"},
		{"end without address", create(with(`"primaryIpAddress": "198.51.100.20", `, ``)), 400, bad, "endPoint.primaryIpAddress: is required"},
		{"unknown type", create(with(`"CLOUD"`, `"BRANCH"`)), 400, bad, "endPoint.type: "},
		{"no IP address", create(with(`"primaryIpAddress": "198.51.100.20"`, `"primaryIpAddress": "300.1.1.1"`)), 400, bad, "endPoint.primaryIpAddress: must be an IPv4 or IPv6 address"},
		{"multicast address", create(with(`"primaryIpAddress": "198.51.100.20"`, `"primaryIpAddress": "224.0.0.1"`)), 400, bad, "endPoint.primaryIpAddress: must be the address of a host"},
		{"address with prefix", create(with(`"primaryIpAddress": "198.51.100.20"`, `"primaryIpAddress": "198.51.100.20/24"`)), 400, bad, "endPoint.primaryIpAddress: "},
		{"protected without second", check(`{"accessPoint": {"type": "SITE", "primaryIpAddress": "192.0.2.1"}, "endPoint": {"id": "b"}, "isProtected": true, "guaranteedBandwidth": 1}`), 400, bad, "accessPoint.secondaryIpAddress: is required"},
		{"second as first", check(`{"accessPoint": {"type": "SITE", "primaryIpAddress": "192.0.2.1", "secondaryIpAddress": "192.0.2.1"}, "endPoint": {"id": "b"}, "guaranteedBandwidth": 1}`), 400, bad, "accessPoint.secondaryIpAddress: is the same"},
		{"no prefix", create(with(`"10.1.0.0/16"`, `"10.1.0.0/99"`)), 400, bad, "accessPoint.staticPrefixes[0]: must be"},
		{"prefix with host bits", create(with(`"10.1.0.0/16"`, `"10.1.0.1/16"`)), 400, bad, "accessPoint.staticPrefixes[0]: has bits set"},
		{"overlapping prefixes", create(with(`"10.1.0.0/16"`, `"10.1.0.0/16", "10.1.2.0/24"`)), 400, bad, "accessPoint.staticPrefixes[1]: overlaps"},
		{"prefix no string", create(with(`"10.1.0.0/16"`, `"10.1.0.0/16", 7`)), 400, bad, "accessPoint.staticPrefixes[1]: "},
		{"too many prefixes", create(with(`"10.1.0.0/16"`, strings.Repeat(`"10.1.0.0/16",`, 100)+`"10.1.0.0/16"`)), 400, bad, "accessPoint.staticPrefixes: "},
		{"AS number nil", create(with(`"id": "site-berlin"`, `"id": "site-berlin", "asNumber": 0`)), 400, "OUT_OF_RANGE", "accessPoint.asNumber: "},
		{"key of zeros", create(with(testKey, strings.Repeat("A", 43)+"=")), 400, bad, "endPoint.wireguard.publicKey: is all zero"},
		{"server at home", create(with(`"sla": "A"`, `"sla": "A", "applicationServer": {"ipv4Address": "127.0.0.1"}`)), 400, bad, "applicationServer.ipv4Address: is loopback"},
		{"short key", create(with(testKey, "AAAA")), 400, bad, "endPoint.wireguard.publicKey: "},
		{"endpoint loopback", create(with(`"ipAddress": "198.51.100.20"`, `"ipAddress": "127.0.0.1"`)), 400, bad, "endPoint.wireguard.endpoint.ipAddress: "},
		{"endpoint IPv6 loopback", create(with(`"ipAddress": "198.51.100.20"`, `"ipAddress": "::1"`)), 400, bad, "endPoint.wireguard.endpoint.ipAddress: "},
		{"endpoint link-local", create(with(`"ipAddress": "198.51.100.20"`, `"ipAddress": "169.254.169.254"`)), 400, bad, "endPoint.wireguard.endpoint.ipAddress: "},
		{"endpoint IPv6 link-local", create(with(`"ipAddress": "198.51.100.20"`, `"ipAddress": "fe80::1"`)), 400, bad, "endPoint.wireguard.endpoint.ipAddress: "},
		{"endpoint multicast", create(with(`"ipAddress": "198.51.100.20"`, `"ipAddress": "239.1.1.1"`)), 400, bad, "endPoint.wireguard.endpoint.ipAddress: "},
		{"endpoint unspecified", create(with(`"ipAddress": "198.51.100.20"`, `"ipAddress": "0.0.0.0"`)), 400, bad, "endPoint.wireguard.endpoint.ipAddress: "},
		{"endpoint broadcast", create(with(`"ipAddress": "198.51.100.20"`, `"ipAddress": "255.255.255.255"`)), 400, bad, "endPoint.wireguard.endpoint.ipAddress: "},
		{"endpoint private", create(with(`"ipAddress": "198.51.100.20"`, `"ipAddress": "10.0.0.1"`)), 400, bad, "endPoint.wireguard.endpoint.ipAddress: "},
		{"port too large", create(with("51820", "65536")), 400, "OUT_OF_RANGE", "endPoint.wireguard.endpoint.port: "},
		{"unknown routing", create(with(`"STATIC"`, `"RIP"`)), 400, bad, "routingProtocol: "},
		{"start without zone", create(with(`"duration"`, `"startTime": "2026-12-02T08:00:00", "duration"`)), 400, bad, "startTime: "},
		{"no such day", create(with(`"duration"`, `"startTime": "2026-02-31T08:00:00Z", "duration"`)), 400, bad, "startTime: "},
		{"hour of one digit", create(with(`"duration"`, `"startTime": "2026-12-02T8:00:00Z", "duration"`)), 400, bad, "startTime: must be a date and time"},
		{"comma in a second", create(with(`"duration"`, `"startTime": "2026-12-02T08:00:00,5Z", "duration"`)), 400, bad, "startTime: must be a date and time"},
		{"year 10000 in UTC", create(with(`"duration"`, `"startTime": "9999-12-31T23:00:00-23:00", "duration"`)), 400, bad, "startTime: must be a date and time"},
		{"empty name", create(with(`"branch-to-vpc"`, `""`)), 400, bad, "name: "},
		{"long name", create(with(`"branch-to-vpc"`, `"`+strings.Repeat("x", 129)+`"`)), 400, bad, "name: "},
		{"name with control", create(with(`"branch-to-vpc"`, `"a\nb"`)), 400, bad, "name: "},
		{"sink over http", create(with("https://customer", "http://customer")), 400, "INVALID_SINK", "sink: "},
		{"sink no URL", create(with("https://customer.example.com/events", "https://")), 400, "INVALID_SINK", "sink: "},
		{"sink with password", create(with("https://customer", "https://u:p@customer")), 400, "INVALID_SINK", "sink: "},
		{"sink with an empty fragment", create(with("customer.example.com/events", "customer.example.com/events#")), 400, "INVALID_SINK", "sink: must have neither"},
		{"sink at port 0", create(with("customer.example.com", "customer.example.com:0")), 400, "INVALID_SINK", "sink: must have a port"},
		{"sink at no port", create(with("customer.example.com", "customer.example.com:65536")), 400, "INVALID_SINK", "sink: must have a port"},
		{"sink with a blank", create(with("customer.example.com/events", "customer.example.com/ev ents")), 400, "INVALID_SINK", "sink: must have other characters"},
		{"sink in other letters", create(with("customer.example.com", "kündin.example.com")), 400, "INVALID_SINK", "sink: must have other characters"},
		{"sink at home", create(with("customer.example.com", "127.0.0.1")), 400, "INVALID_SINK", "sink: "},
		{"sink in a private net", create(with("customer.example.com", "[::1]:443")), 400, "INVALID_SINK", "sink: "},
		{"credential without sink", create(with(`"sink": "https://customer.example.com/events",`, "")), 400, bad, "sinkCredential: needs a sink"},
		{"plain credential", create(with(`"ACCESSTOKEN"`, `"PLAIN"`)), 400, "INVALID_CREDENTIAL", "sinkCredential.credentialType: "},
		{"plain credential as it was", create(with(`"credentialType": "ACCESSTOKEN"`, `"credentialType": "PLAIN", "identifier": "me", "secret": "x"`)), 400, "INVALID_CREDENTIAL", "sinkCredential.credentialType: "},
		{"server without an address", create(with(`"sla": "A"`, `"sla": "A", "applicationServer": {}`)), 400, bad, "applicationServer: "},
		{"server no IPv4 address", create(with(`"sla": "A"`, `"sla": "A", "applicationServer": {"ipv4Address": "10.2.0.256"}`)), 400, bad, "applicationServer.ipv4Address: "},
		{"server with bits beyond its length", create(with(`"sla": "A"`, `"sla": "A", "applicationServer": {"ipv4Address": "10.2.0.1/24"}`)), 400, bad, "applicationServer.ipv4Address: has bits set"},
		{"server of the other family", create(with(`"sla": "A"`, `"sla": "A", "applicationServer": {"ipv6Address": "::ffff:10.2.0.1"}`)), 400, bad, "applicationServer.ipv6Address: must be"},
		{"refresh token", create(with(`"ACCESSTOKEN"`, `"REFRESHTOKEN"`)), 400, "INVALID_CREDENTIAL", "sinkCredential.credentialType: "},
		{"no bearer token", create(with(`"bearer"`, `"mac"`)), 400, "INVALID_TOKEN", "sinkCredential.accessTokenType: "},
		{"credential incomplete", create(with(`"accessToken": "s3cr3t", `, "")), 400, bad, "sinkCredential.accessToken: is required"},
		{"private key JWT", create(with(goodOrder[strings.Index(goodOrder, `{"credentialType"`):], `{"credentialType": "PRIVATE_KEY_JWT", "clientId": "x", "tokenUri": "https://as.example.com/token"}}`)), 422, "PRIVATE_KEY_JWT_NOT_CONFIGURED", "sinkCredential.credentialType: "},
		{"offer sink over http", check(warned("https://customer", "http://customer")), 400, "INVALID_SINK", "sink: "},
		{"offer sink at home", check(warned("customer.example.com", "127.0.0.1")), 400, "INVALID_SINK", "sink: "},
		{"offer sink without hold", check(warned(`"hold": true`, `"hold": false`)), 400, bad, "sink: needs hold"},
		{"offer sink with hold left out", check(warned(`"hold": true, `, "")), 400, bad, "sink: needs hold"},
		{"offer credential without sink", check(warned(`"sink": "https://customer.example.com/events",`, "")), 400, bad, "sinkCredential: needs a sink"},
		{"plain offer credential", check(warned(`"ACCESSTOKEN"`, `"PLAIN"`)), 400, "INVALID_CREDENTIAL", "sinkCredential.credentialType: "},
		{"no bearer token for offers", check(warned(`"bearer"`, `"mac"`)), 400, "INVALID_TOKEN", "sinkCredential.accessTokenType: "},
		{"private key JWT for offers", check(warned(warnedInquiry[strings.Index(warnedInquiry, `{"credentialType"`):], `{"credentialType": "PRIVATE_KEY_JWT", "clientId": "x", "tokenUri": "https://as.example.com/token"}}`)), 422, "PRIVATE_KEY_JWT_NOT_CONFIGURED", "sinkCredential.credentialType: "},
		{"bad offer id", create(with(`"duration"`, `"offerId": "a b", "duration"`)), 400, bad, "offerId: "},
		{"extend by words", request{method: "POST", path: someID + "/extend", token: "acme", body: `{"requestedAdditionalDuration": "1h"}`}, 400, bad, "requestedAdditionalDuration: "},
		{"extend by nothing", request{method: "POST", path: someID + "/extend", token: "acme", body: `{}`}, 400, bad, "requestedAdditionalDuration: is required"},
		{"body too large", create(`{"name": "` + strings.Repeat("x", 70_000) + `"}`), 413, "PAYLOAD_TOO_LARGE", "65536 bytes"},
	}
}

func faultyFronts() []faulty {
	const bad = "INVALID_ARGUMENT"
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(goodOrder))
	_ = z.Close()
	unauthenticated := "Request not authenticated due to missing, invalid, or expired credentials."
	return []faulty{
		{"no token", request{method: "GET", path: "/sessions"}, 401, "UNAUTHENTICATED", unauthenticated},
		{"no token, bad body", request{method: "POST", path: "/sessions", body: "{"}, 401, "UNAUTHENTICATED", unauthenticated},
		{"unknown token", request{method: "GET", path: "/sessions", token: "stolen"}, 401, "UNAUTHENTICATED", unauthenticated},
		{"basic", request{method: "GET", path: "/sessions", header: map[string]string{"Authorization": "Basic YTpi"}}, 401, "UNAUTHENTICATED", unauthenticated},
		{"empty bearer", request{method: "GET", path: "/sessions", header: map[string]string{"Authorization": "Bearer"}}, 401, "UNAUTHENTICATED", unauthenticated},
		{"issuer away", request{method: "GET", path: "/sessions", token: "issuer-down"}, 503, "UNAVAILABLE", "Tokens"},
		{"scope missing", request{method: "POST", path: "/sessions", token: "reader", body: goodOrder}, 403, "PERMISSION_DENIED", "permissions"},
		{"scope missing, bad body", request{method: "POST", path: "/sessions", token: "reader", body: "{"}, 403, "PERMISSION_DENIED", "permissions"},
		{"client of nobody", request{method: "GET", path: "/sessions", token: "nobody"}, 403, "PERMISSION_DENIED", "permissions"},
		{"correlator too odd", request{method: "GET", path: "/sessions", header: map[string]string{"x-correlator": "a b"}}, 400, bad, "x-correlator: "},
		{"correlator too long", request{method: "GET", path: "/sessions", header: map[string]string{"x-correlator": strings.Repeat("x", 257)}}, 400, bad, "x-correlator: "},
		{"unknown path", get("/nothing"), 404, "NOT_FOUND", "not found"},
		{"trailing slash", get("/sessions/"), 404, "NOT_FOUND", "not found"},
		{"doubled slash", get("//sessions"), 404, "NOT_FOUND", "not found"},
		{"dots", get("/x/../sessions"), 404, "NOT_FOUND", "not found"},
		{"PUT", request{method: "PUT", path: "/sessions", token: "acme"}, 405, "METHOD_NOT_ALLOWED", "GET, POST"},
		{"POST to a session", request{method: "POST", path: someID, token: "acme"}, 405, "METHOD_NOT_ALLOWED", "DELETE, GET"},
		{"GET where POST is", get("/check-availability"), 405, "METHOD_NOT_ALLOWED", "POST"},
		{"XML wanted", request{method: "GET", path: "/sessions", token: "acme", header: map[string]string{"Accept": "application/xml"}}, 406, "NOT_ACCEPTABLE", "Accept"},
		{"JSON unwanted", request{method: "GET", path: "/sessions", token: "acme", header: map[string]string{"Accept": "application/json;q=0, */*"}}, 406, "NOT_ACCEPTABLE", "Accept"},
		{"XML sent", create(goodOrder, "Content-Type", "application/xml"), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"},
		{"form sent", create(goodOrder, "Content-Type", "application/x-www-form-urlencoded"), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"},
		{"no type", create(goodOrder, "Content-Type", ""), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"},
		{"latin-1", create(goodOrder, "Content-Type", "application/json; charset=iso-8859-1"), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Type"},
		{"zipped", create(zipped.String(), "Content-Encoding", "gzip"), 415, "UNSUPPORTED_MEDIA_TYPE", "Content-Encoding"},
		{"id no UUID", get("/sessions/17"), 400, bad, "sessionId: "},
		{"id nearly a UUID", request{method: "DELETE", path: someID + "x", token: "acme"}, 400, bad, "sessionId: "},
		{"page nil", get("/sessions?page=0"), 400, bad, "page: "},
		{"page in words", get("/sessions?page=one"), 400, bad, "page: "},
		{"page too large", get("/sessions?page=99999999999"), 400, bad, "page: "},
		{"page twice", get("/sessions?page=1&page=2"), 400, bad, "page: is given more than once"},
		{"page empty", get("/sessions?page="), 400, bad, "page: "},
		{"perPage too large", get("/sessions?perPage=101"), 400, bad, "perPage: "},
		{"unknown status", get("/sessions?status=REQUESTED,GONE"), 400, bad, "status"},
		{"unknown sla", get("/sessions?sla=B"), 400, bad, "sla"},
		{"query no UTF-8", get("/sessions?name=%ff"), 400, bad, "name: is not valid UTF-8"},
		{"query malformed", get("/sessions?page=%zz"), 400, bad, "query"},
		{"key with blank", create(goodOrder, "Idempotency-Key", "a b"), 400, bad, "Idempotency-Key: "},
		{"key too long", create(goodOrder, "Idempotency-Key", strings.Repeat("k", 129)), 400, bad, "Idempotency-Key: "},
		{"unknown session", get(someID), 404, "NOT_FOUND", "no session"},
	}
}

func TestFaultyRequests(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, tt := range append(faultyBodies(), faultyFronts()...) {
		res := b.do(t, tt.req)
		e := read[api.ErrorInfo](t, res)
		if res.StatusCode != tt.status || e.Code != tt.code || !strings.Contains(e.Message, tt.says) || int(e.Status) != tt.status {
			t.Errorf("%s: got %d %s %q, want %d %s with %q", tt.name, res.StatusCode, e.Code, e.Message, tt.status, tt.code, tt.says)
		}
		if got := res.Header.Get("Content-Type"); got != "application/json" {
			t.Errorf("%s: Content-Type %q", tt.name, got)
		}
		if (tt.status == http.StatusMethodNotAllowed) != (res.Header.Get("Allow") != "") {
			t.Errorf("%s: Allow %q", tt.name, res.Header.Get("Allow"))
		}
	}
	if len(b.core.orders)+len(b.core.inquired) != 0 {
		t.Error("a faulty request reached the core")
	}
}

func TestErrorsOfTheCore(t *testing.T) {
	t.Parallel()
	tests := []struct {
		err    error
		status int
		code   string
	}{
		{session.Errorf(session.Invalid, "sla", "x"), 400, "INVALID_ARGUMENT"},
		{session.Errorf(session.OutOfRange, "", "x"), 400, "OUT_OF_RANGE"},
		{session.Errorf(session.DurationTooLong, "duration", "x"), 400, "SITE_TO_CLOUD_VPN.DURATION_OUT_OF_RANGE"},
		{session.Errorf(session.NotFound, "", "x"), 404, "NOT_FOUND"},
		{session.Errorf(session.Forbidden, "", "x"), 403, "PERMISSION_DENIED"},
		{session.Errorf(session.Incompatible, "", "x"), 409, "INCOMPATIBLE_STATE"},
		{session.Errorf(session.Exists, "", "x"), 409, "ALREADY_EXISTS"},
		{session.Errorf(session.Aborted, "", "x"), 409, "ABORTED"},
		{session.Errorf(session.AreaNotSupported, "", "x"), 422, "SITE_TO_CLOUD_VPN.SERVICE_AREA_NOT_SUPPORTED"},
		{session.Errorf(session.NoResources, "", "x"), 422, "SITE_TO_CLOUD_VPN.RESOURCES_INSUFFICIENT"},
		{session.Errorf(session.NotSupported, "", "x"), 422, "SITE_TO_CLOUD_VPN.FEATURE_NOT_SUPPORTED"},
		{session.Errorf(session.QuotaExceeded, "", "x"), 429, "QUOTA_EXCEEDED"},
		{session.Errorf(session.OfferExpired, "offerId", "x"), 422, "SITE_TO_CLOUD_VPN.OFFER_EXPIRED"},
		{session.Errorf(session.OfferUsed, "offerId", "x"), 409, "SITE_TO_CLOUD_VPN.OFFER_USED"},
		{session.Errorf(session.OfferForeign, "offerId", "x"), 403, "SITE_TO_CLOUD_VPN.OFFER_FOREIGN"},
		{session.Errorf(session.OfferAltered, "offerId", "x"), 422, "SITE_TO_CLOUD_VPN.OFFER_ALTERED"},
		{session.Errorf(session.Unavailable, "", "x"), 503, "UNAVAILABLE"},
		{fmt.Errorf("admit: %w", session.Errorf(session.NoResources, "", "x")), 422, "SITE_TO_CLOUD_VPN.RESOURCES_INSUFFICIENT"},
		{session.Errorf(session.Internal, "", "secret=hunter2"), 500, "INTERNAL"},
		{errors.New("disk: secret=hunter2"), 500, "INTERNAL"},
	}
	b := setup(t)
	for _, tt := range tests {
		b.core.err = tt.err
		req := create(goodOrder, "x-correlator", "mine")
		if tt.status == http.StatusNotFound { // a create names nothing that could be missing
			req.method, req.path, req.body = "DELETE", someID, ""
		}
		res := b.do(t, req)
		e := read[api.ErrorInfo](t, res)
		if res.StatusCode != tt.status || e.Code != tt.code {
			t.Errorf("%v: got %d %s, want %d %s", tt.err, res.StatusCode, e.Code, tt.status, tt.code)
		}
		if strings.Contains(e.Message, "hunter2") {
			t.Errorf("%v leaks: %s", tt.err, e.Message)
		}
		if retry := res.Header.Get("Retry-After"); (tt.status == 429 || tt.status == 503) != (retry != "") {
			t.Errorf("%v: Retry-After %q", tt.err, retry)
		}
		if res.Header.Get("x-correlator") != "mine" {
			t.Errorf("%v: x-correlator not echoed", tt.err)
		}
	}
}

func TestPanicAndTimeout(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.core.boom = true
	res := b.do(t, get(someID))
	if e := read[api.ErrorInfo](t, res); res.StatusCode != http.StatusInternalServerError || e.Code != "INTERNAL" || strings.Contains(e.Message, "hunter2") {
		t.Errorf("panic: %d %+v", res.StatusCode, e)
	}
	b = setup(t, hasty)
	b.core.hang = true
	res = b.do(t, get(someID))
	if e := read[api.ErrorInfo](t, res); res.StatusCode != http.StatusGatewayTimeout || e.Code != "TIMEOUT" {
		t.Errorf("timeout: %d %+v", res.StatusCode, e)
	}
}

func TestForeignSession(t *testing.T) {
	t.Parallel()
	b := setup(t)
	made := read[api.SessionInfo](t, b.do(t, create(goodOrder)))
	for _, method := range []string{"GET", "DELETE"} {
		res := b.do(t, request{method: method, path: "/sessions/" + made.SessionId.String(), token: "other"})
		if e := read[api.ErrorInfo](t, res); res.StatusCode != http.StatusForbidden || e.Code != "PERMISSION_DENIED" {
			t.Errorf("%s: %d %s", method, res.StatusCode, e.Code)
		}
	}
	if got := read[api.SessionPage](t, b.do(t, request{method: "GET", path: "/sessions", token: "other"})); len(got.Sessions) != 0 {
		t.Error("the list shows another tenant's session")
	}
}

func TestCorrelatorIsMadeWhenAbsent(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, header := range []map[string]string{nil, {"x-correlator": "a b"}} {
		res := b.do(t, request{method: "GET", path: "/sessions", header: header})
		if _, err := uuid.Parse(res.Header.Get("x-correlator")); err != nil {
			t.Errorf("x-correlator %q: %v", res.Header.Get("x-correlator"), err)
		}
	}
}

func TestLenientFronts(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, q := range []request{
		create(goodOrder, "Content-Type", "application/json; charset=UTF-8"),
		create(goodOrder, "Accept", "text/html, application/*;q=0.5"),
		create(goodOrder, "Content-Encoding", "identity"),
		{method: "POST", path: "/sessions", body: goodOrder, header: map[string]string{"Authorization": "bearer acme"}},
	} {
		if res := b.do(t, q); res.StatusCode != http.StatusCreated {
			t.Errorf("%v: %d", q.header, res.StatusCode)
		}
	}
	res := b.do(t, request{method: "GET", path: "/openapi.yaml"})
	if res.StatusCode != http.StatusOK || res.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("document: %d", res.StatusCode)
	}
}

// SPDX-License-Identifier: Apache-2.0

package northbound

import (
	"net/http"
	"strings"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
)

// ifMatch is the header that names the states in which a request is wanted.
const ifMatch = "If-Match"

// joinLists makes one line of a header that is a list and may come in several
// (RFC 9110 section 5.3).
func joinLists(h http.Header) {
	if lines := h.Values(ifMatch); len(lines) > 1 {
		h.Set(ifMatch, strings.Join(lines, ", "))
	}
}

// entityTag renders the state of a session as a strong validator. It covers
// terms, times, status and phase; what is measured and the fee change without it.
func entityTag(s session.Session) string { return `"` + s.Tag() + `"` }

// matchOf reads If-Match (RFC 9110 section 13.1.1); nil: any state will do. Weak
// tags are compared strongly and so never match.
func matchOf(h http.Header) (order.Match, error) {
	lines := h.Values(ifMatch)
	if len(lines) == 0 {
		return nil, nil
	}
	rest := strings.Trim(strings.Join(lines, ","), " \t")
	if rest == "*" {
		return nil, nil
	}
	match := order.Match{}
	for some := false; ; some = true {
		rest = strings.TrimLeft(rest, " \t,")
		if rest == "" && some {
			return match, nil
		}
		tag, after, strong, ok := cutTag(rest)
		if !ok {
			return nil, invalid(ifMatch, `must be * or a list of entity tags like "5f2c0a7de1b94c36"`)
		}
		if strong {
			match = append(match, tag)
		}
		rest = after
	}
}

// cutTag cuts an entity tag (RFC 9110 section 8.8.3) and what separates it from
// the next one off the front of list.
func cutTag(list string) (tag, rest string, strong, ok bool) {
	list, weak := strings.CutPrefix(list, "W/")
	list, ok = strings.CutPrefix(list, `"`)
	if !ok {
		return "", "", false, false
	}
	tag, rest, ok = strings.Cut(list, `"`)
	if !ok || strings.ContainsAny(tag, " \t") {
		return "", "", false, false
	}
	rest = strings.TrimLeft(rest, " \t")
	if rest != "" && rest[0] != ',' {
		return "", "", false, false
	}
	return tag, rest, !weak, true
}

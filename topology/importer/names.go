// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"strconv"
	"strings"
	"unicode"
)

const (
	maxName = 63
	stemLen = maxName - len("-1000000") // what a numbered name keeps of its own
)

// uniqueNames returns a name for every wanted one: made to fit, each once. extra
// are characters allowed beside letters, digits, dot, underscore and hyphen;
// where nothing is left, kind is the name.
func uniqueNames(wanted []string, extra, kind string) []string {
	out := make([]string, len(wanted))
	taken := make(map[string]bool, len(wanted))
	for i, w := range wanted {
		out[i] = fit(w, extra, kind)
		if out[i] == w && !taken[w] {
			taken[w] = true
			continue
		}
		out[i] = "\x00" + out[i] // to be settled when all that fit have theirs
	}
	next := map[string]int{}
	for i, name := range out {
		base, open := strings.CutPrefix(name, "\x00")
		if !open {
			continue
		}
		out[i] = settle(base, taken, next)
		taken[out[i]] = true
	}
	return out
}

// settle returns base, or with the first number from 2 that makes it unique.
// next remembers by stem how far the numbers went.
func settle(base string, taken map[string]bool, next map[string]int) string {
	if !taken[base] {
		return base
	}
	stem := base[:min(len(base), stemLen)]
	for n := max(next[stem], 2); ; n++ {
		if name := stem + "-" + strconv.Itoa(n); !taken[name] {
			next[stem] = n + 1
			return name
		}
	}
}

// fit maps a text to a name that topology and inventory take.
func fit(s, extra, kind string) string {
	var b strings.Builder
	gap, last := false, '-' // what was left out before c; what was written last
	for _, c := range s {
		c = plain(c)
		alnum := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		if !alnum && (b.Len() == 0 || !strings.ContainsRune("._-"+extra, c)) {
			gap = b.Len() > 0 // a name begins with a letter or digit
			continue
		}
		if gap && c != '-' && last != '-' {
			b.WriteByte('-')
		}
		gap, last = false, c
		b.WriteRune(c)
		if b.Len() >= maxName {
			break
		}
	}
	if b.Len() == 0 {
		return kind
	}
	return b.String()[:min(b.Len(), maxName)]
}

// plain returns a Latin letter without its accent, anything else as it is.
func plain(c rune) rune {
	if c < 0x80 {
		return c
	}
	const letters = "aàáâãäåāăąæ cçćč dďđð eèéêëēęě gğ iìíîïīı lłľ nñńňņ oòóôõöøōőœ rřŕ sśšşșß tťţț uùúûüūůű yýÿ zźżž"
	lower := unicode.ToLower(c)
	for _, group := range strings.Fields(letters) {
		if !strings.ContainsRune(group, lower) {
			continue
		}
		if lower == c {
			return rune(group[0])
		}
		return unicode.ToUpper(rune(group[0]))
	}
	return c
}

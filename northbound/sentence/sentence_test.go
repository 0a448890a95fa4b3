// SPDX-License-Identifier: Apache-2.0

package sentence_test

import (
	"testing"

	"github.com/s2cd/s2cd/northbound/sentence"
	"github.com/s2cd/s2cd/session"
)

func TestEveryStateHasASentence(t *testing.T) {
	t.Parallel()
	seen := map[string]session.Phase{}
	for _, p := range session.Phases() {
		text := sentence.Of(p, session.NoInfo)
		if other, twice := seen[text]; twice || text == sentence.Of("unheard of", session.NoInfo) {
			t.Errorf("%s says %q, as %q does", p, text, other)
		}
		seen[text] = p
	}
	for _, info := range []session.StatusInfo{
		session.DurationExpired, session.DeleteRequested, session.NetworkTerminated, session.SessionDeclined, session.SessionRevoked,
	} {
		for _, p := range []session.Phase{session.Releasing, session.Released, session.InDoubt} {
			text := sentence.Of(p, info)
			if _, twice := seen[text]; twice && p != session.InDoubt || len(text) > 512 {
				t.Errorf("%s %s says %q", p, info, text)
			}
			seen[text] = p
		}
	}
}

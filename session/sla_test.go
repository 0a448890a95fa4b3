// SPDX-License-Identifier: Apache-2.0

package session_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/session"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	level := session.Level{MaxRTTMicros: 20_000, MaxLossPPM: 1000, AvailabilityPPM: 990_000}
	const all = 100 * time.Second
	for _, c := range []struct {
		name    string
		window  session.SLAWindow
		level   session.Level
		verdict session.Verdict
		broken  []session.BrokenGuarantee
	}{
		{"nothing known", session.SLAWindow{Unknown: all}, level, session.VerdictUnknown, nil},
		{"met, little known", session.SLAWindow{Met: time.Second, Unknown: all}, level, session.VerdictMet, nil},
		{"within what availability tolerates", session.SLAWindow{Met: all - time.Second, Breached: time.Second, Down: time.Second}, level, session.VerdictMet, nil},
		{"down for too long", session.SLAWindow{Met: all - 2*time.Second, Breached: 2 * time.Second, Down: 2 * time.Second}, level, session.VerdictBreached,
			[]session.BrokenGuarantee{{session.GuaranteedAvailability, 990_000, 980_000}}},
		{"slow", session.SLAWindow{Met: all / 2, Breached: all / 2, Slow: all / 2, WorstRTTMicros: 30_000}, level, session.VerdictBreached,
			[]session.BrokenGuarantee{{session.GuaranteedLatency, 20_000, 30_000}}},
		{"at the bound of loss", session.SLAWindow{Met: all, Sent: 1000, Lost: 1}, level, session.VerdictMet, nil},
		{"loss breaches the whole window", session.SLAWindow{Met: all, Sent: 1000, Lost: 2}, level, session.VerdictBreached,
			[]session.BrokenGuarantee{{session.GuaranteedLoss, 1000, 2000}}},
		{"nothing promised", session.SLAWindow{Breached: all, Down: all, Sent: 9, Lost: 9}, session.Level{}, session.VerdictMet, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := c.window
			length := w.Met + w.Breached + w.Unknown
			broken := w.Judge(c.level)
			if w.Verdict != c.verdict || w.Met+w.Breached+w.Unknown != length {
				t.Errorf("judged %+v", w)
			}
			if d := cmp.Diff(c.broken, broken); d != "" {
				t.Errorf("broken (-want +got):\n%s", d)
			}
		})
	}
}

func TestBreachKeepsTheWorst(t *testing.T) {
	t.Parallel()
	b := session.Breach{}
	b.Merge([]session.BrokenGuarantee{{session.GuaranteedLatency, 20, 30}, {session.GuaranteedAvailability, 990, 900}})
	b.Merge([]session.BrokenGuarantee{{session.GuaranteedLatency, 20, 25}, {session.GuaranteedAvailability, 990, 800}, {session.GuaranteedLoss, 1, 5}})
	b.Merge([]session.BrokenGuarantee{{session.GuaranteedLatency, 20, 40}, {session.GuaranteedAvailability, 990, 950}})
	want := []session.BrokenGuarantee{{session.GuaranteedLatency, 20, 40}, {session.GuaranteedAvailability, 990, 800}, {session.GuaranteedLoss, 1, 5}}
	if d := cmp.Diff(want, b.Broken); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func TestSharesOfLargeCounters(t *testing.T) {
	t.Parallel()
	w := session.SLAWindow{Sent: 1 << 63, Lost: 1 << 62, Met: 1 << 62, Received: 3, RTTSumMicros: 3 << 31}
	loss, _ := w.LossPPM()
	kept, _ := w.AvailabilityPPM()
	mean, _ := w.MeanRTTMicros()
	if loss != 500_000 || kept != 1_000_000 || mean != 1<<31 {
		t.Errorf("loss %d, kept %d, mean %d", loss, kept, mean)
	}
}

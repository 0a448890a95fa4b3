// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestUniqueNames(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 70)
	for _, tt := range []struct {
		extra        string
		wanted, want []string
	}{
		{"", []string{"a", "a", "a-2", "a"}, []string{"a", "a-3", "a-2", "a-4"}},
		{"", []string{"a b", "a-b", "a\tb"}, []string{"a-b-2", "a-b", "a-b-3"}},
		{"", []string{"Köln", "Łódź", "São Paulo", "Ærø", "東京", ""}, []string{"Koln", "Lodz", "Sao-Paulo", "Aro", "node", "node-2"}},
		{"", []string{"urn:x:1", "(a)", "-_.b.", "a - b", "10.0.0.1"}, []string{"urn-x-1", "a", "b.", "a-b", "10.0.0.1"}},
		{":/", []string{"a:et-0/0/0,b", "/x"}, []string{"a:et-0/0/0-b", "x"}},
		{"", []string{long, long, long[:63]}, []string{long[:55] + "-2", long[:55] + "-3", long[:63]}},
	} {
		if diff := cmp.Diff(tt.want, uniqueNames(tt.wanted, tt.extra, "node")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", tt.wanted, diff)
		}
	}
}

// TestUniqueNamesHold proves that every list of texts becomes names that the
// inventory takes, each once, and that what is a name already keeps it.
func TestUniqueNamesHold(t *testing.T) {
	t.Parallel()
	form := regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
	text := rapid.OneOf(rapid.StringMatching(`[ab]( |-|-2)?[ab2]?`), rapid.String())
	rapid.Check(t, func(t *rapid.T) {
		wanted := rapid.SliceOfN(text, 0, 30).Draw(t, "wanted")
		names := uniqueNames(wanted, "", "node")
		if len(slices.Compact(slices.Sorted(slices.Values(names)))) != len(wanted) {
			t.Fatalf("%q are not unique", names)
		}
		for i, name := range names {
			if !form.MatchString(name) {
				t.Fatalf("%q became %q", wanted[i], name)
			}
			if form.MatchString(wanted[i]) && !slices.Contains(names, wanted[i]) {
				t.Fatalf("nobody got %q", wanted[i])
			}
		}
	})
}

func TestFibreMicros(t *testing.T) {
	t.Parallel()
	london, newYork := [2]float64{51.5074, -0.1278}, [2]float64{40.7128, -74.006}
	for _, tt := range []struct {
		name   string
		a, b   [2]float64
		factor float64
		want   uint32
	}{
		{"same place", london, london, 1.4, 0},
		{"London to New York", london, newYork, 1.4, 38187},
		{"without detours", london, newYork, 1, 27276},
		{"across the date line", [2]float64{0, 179.5}, [2]float64{0, -179.5}, 1, 545},
		{"pole to pole", [2]float64{90, 0}, [2]float64{-90, 77}, 1, 98009},
		{"antipodes", [2]float64{30, 40}, [2]float64{-30, -140}, 1, 98009},
		{"next rack", [2]float64{50, 8}, [2]float64{50, 8.0000001}, 1, 1},
	} {
		if got := fibreMicros(tt.a, tt.b, tt.factor); got != tt.want {
			t.Errorf("%s: %d us, want %d", tt.name, got, tt.want)
		}
	}
}

// TestGreatCircleHolds compares with the angle between the places' vectors,
// which is another way to the same distance.
func TestGreatCircleHolds(t *testing.T) {
	t.Parallel()
	place := rapid.Custom(func(t *rapid.T) [2]float64 {
		return [2]float64{rapid.Float64Range(-90, 90).Draw(t, "lat"), rapid.Float64Range(-180, 180).Draw(t, "lon")}
	})
	vector := func(p [2]float64) [3]float64 {
		lat, lon := p[0]*rad, p[1]*rad
		return [3]float64{math.Cos(lat) * math.Cos(lon), math.Cos(lat) * math.Sin(lon), math.Sin(lat)}
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := place.Draw(t, "a"), place.Draw(t, "b")
		x, y := vector(a), vector(b)
		chord := math.Hypot(math.Hypot(x[0]-y[0], x[1]-y[1]), x[2]-y[2])
		want := 2 * earthRadiusKm * math.Asin(min(1, chord/2))
		if got := greatCircleKm(a, b); math.Abs(got-want) > 0.5 || got != greatCircleKm(b, a) {
			t.Fatalf("%v to %v: %v km, want %v", a, b, got, want)
		}
	})
}

// TestParseBandwidth goes through the forms of RFC 8776's te-bandwidth.
func TestParseBandwidth(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]float64{
		"0": 0, "0x0": 0, "0x0p0": 0, "0X0.P+": 0, "125000000": 125e6, "0x3b9aca00": 1e9, "0xFFFFFFFF": 1<<32 - 1,
		"0x1p10": 1024, "0x1P+10": 1024, "0x1.8p": 1.5, "0x1.p+3": 8, "0x1p+": 1, "0x1.2a05f2p+30": 1.25e9,
	} {
		if got, err := parseBandwidth(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "-1", "0x", "0x-1p3", "1e9", "NaN", "Inf", "0x1p127", "0,2,3", "1 000", "ten"} {
		if got, err := parseBandwidth(text); err == nil {
			t.Errorf("%q is taken as %v", text, got)
		}
	}
}

func TestParseWords(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint64{"512kbps": 512, "2.3Mbps": 2300, "10 Gbps": 10_000_000, "100Tbps": maxKbps} {
		if got, err := parseRate(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]uint32{"0s": 0, "1ns": 1, "1us": 1, "1.0001ms": 1001, "16.777215s": maxMicros} {
		if got, err := parseLatency(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for text, want := range map[string]uint32{"0%": 0, "0.07%": 700, "0.00001%": 1, "99.99999%": 999_999} {
		if got, err := parseLoss(text); err != nil || got != want {
			t.Errorf("%q: %v, %v, want %v", text, got, err, want)
		}
	}
	for _, text := range []string{"", "10", "0Gbps", "-1Gbps", "NaNGbps", "101Tbps", "Gbps", "16.7772151s", "2562048h", "100%", "-1%", "NaN%"} {
		rate, errRate := parseRate(text)
		latency, errLatency := parseLatency(text)
		loss, errLoss := parseLoss(text)
		if errRate == nil || errLatency == nil || errLoss == nil {
			t.Errorf("%q is taken as %v, %v or %v", text, rate, latency, loss)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"bytes"
	"errors"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/topology"
)

var errNoArc = errors.New("no such arc")

// arcNamed knows all arcs but the first.
func arcNamed(n int64) (topology.ArcName, error) {
	if n == 0 {
		return "", errNoArc
	}
	return topology.ArcName(strconv.FormatInt(n, 10)), nil
}

func TestDecodeUses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		blob []byte
		want []pathcomp.Use
		err  error
	}{
		"none":           {[]byte{}, nil, nil},
		"two":            {[]byte{1, 0x90, 0x4e, 2, 0}, []pathcomp.Use{{Arc: "1", Kbps: 10_000}, {Arc: "2"}}, nil},
		"no rate":        {[]byte{1}, nil, errCut},
		"cut rate":       {[]byte{1, 0x90}, nil, errCut},
		"padded":         {[]byte{1, 0x90, 0}, nil, errCut},
		"beyond 63 bits": {[]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, nil, errCut},
		"beyond 64 bits": {[]byte{1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f}, nil, errCut},
		"arc twice":      {[]byte{1, 1, 2, 1, 1, 1}, nil, errTwice},
		"unknown arc":    {[]byte{0, 1}, nil, errNoArc},
	} {
		got, err := decodeUses(test.blob, arcNamed)
		if diff := cmp.Diff(test.want, got); diff != "" || !errors.Is(err, test.err) {
			t.Errorf("%s: %v, want %v (-want +got):\n%s", name, err, test.err, diff)
		}
	}
}

// FuzzDecodeUses takes any bytes: what is taken is what would be written.
func FuzzDecodeUses(f *testing.F) {
	f.Add([]byte{1, 0x90, 0x4e, 2, 0})
	f.Add([]byte{1, 0x90, 0})
	f.Add([]byte{1, 1, 1, 1})
	f.Fuzz(func(t *testing.T, blob []byte) {
		uses, err := decodeUses(blob, arcNamed)
		if err != nil {
			return
		}
		written := []byte{}
		for _, u := range uses {
			n, err := strconv.ParseInt(string(u.Arc), 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			written = appendPair(written, n, int64(u.Kbps))
		}
		if !bytes.Equal(written, blob) {
			t.Errorf("%x was read as %v, which is %x", blob, uses, written)
		}
	})
}

// SPDX-License-Identifier: Apache-2.0

package seal_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/s2cd/s2cd/store/seal"
)

func TestBox(t *testing.T) {
	t.Parallel()
	box, err := seal.New(bytes.Repeat([]byte{7}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	other, err := seal.New(bytes.Repeat([]byte{8}, seal.KeySize))
	if err != nil {
		t.Fatal(err)
	}
	sealed := box.Seal([]byte("token"), []byte("s1"))
	if bytes.Contains(sealed, []byte("token")) {
		t.Fatal("secret is readable")
	}
	if bytes.Equal(sealed, box.Seal([]byte("token"), []byte("s1"))) {
		t.Fatal("nonce was used twice")
	}
	got, err := box.Open(sealed, []byte("s1"))
	if err != nil || string(got) != "token" {
		t.Fatalf("Open = %q, %v", got, err)
	}
	altered := bytes.Clone(sealed)
	altered[len(altered)-1] ^= 1
	for name, open := range map[string]func() ([]byte, error){
		"elsewhere": func() ([]byte, error) { return box.Open(sealed, []byte("s2")) },
		"other key": func() ([]byte, error) { return other.Open(sealed, []byte("s1")) },
		"altered":   func() ([]byte, error) { return box.Open(altered, []byte("s1")) },
		"short":     func() ([]byte, error) { return box.Open(sealed[:5], []byte("s1")) },
		"empty":     func() ([]byte, error) { return box.Open(nil, []byte("s1")) },
	} {
		if _, err := open(); !errors.Is(err, seal.ErrOpen) {
			t.Errorf("%s: err = %v, want ErrOpen", name, err)
		}
	}
	if _, err := seal.New([]byte("short")); err == nil {
		t.Error("short key was taken")
	}
}

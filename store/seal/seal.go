// SPDX-License-Identifier: Apache-2.0

// Package seal keeps secrets unreadable where they are stored. It knows
// neither what it seals nor where the result is kept; the key comes from the
// operator and is never stored beside what it seals.
package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"fmt"
)

// KeySize is the length of a key in bytes (AES-256).
const KeySize = 32

// ErrOpen says that sealed data was altered, belongs elsewhere, or was sealed
// with another key.
var ErrOpen = errors.New("sealed data does not open with this key")

// Box seals with AES-256-GCM (NIST SP 800-38D) and a random nonce. It is safe
// for concurrent use.
type Box struct{ aead cipher.AEAD }

// New returns a Box for a key of KeySize bytes.
func New(key []byte) (*Box, error) {
	if len(key) != KeySize {
		return nil, fmt.Errorf("sealing key has %d bytes, want %d", len(key), KeySize)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	aead, err := cipher.NewGCMWithRandomNonce(block)
	if err != nil {
		return nil, fmt.Errorf("sealing key: %w", err)
	}
	return &Box{aead: aead}, nil
}

// Seal returns plain sealed for about: it opens only where about is the same.
func (b *Box) Seal(plain, about []byte) []byte {
	return b.aead.Seal(nil, nil, plain, about) //nolint:gosec // this AEAD makes its nonces itself
}

// Open returns what Seal was given, or ErrOpen.
func (b *Box) Open(sealed, about []byte) ([]byte, error) {
	plain, err := b.aead.Open(nil, nil, sealed, about)
	if err != nil {
		return nil, ErrOpen
	}
	return plain, nil
}

// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"errors"
	"fmt"

	"github.com/s2cd/s2cd/order"
)

// errNoSecret says that no session that is not released has a reference.
var errNoSecret = errors.New("it is not kept here")

// keepSecrets seals what a new session refers to, bound to its reference. It goes
// when the session is released.
func (s *Store) keepSecrets(ctx context.Context, t *tx, n int64, secrets []order.Secret) error {
	for _, one := range secrets {
		if err := t.insert(ctx, secretRows, n, one.Ref, s.seal.Seal([]byte(one.Value), secretAbout(one.Ref))); err != nil {
			return err
		}
	}
	return nil
}

// Secret returns what a reference stands for, for who configures a device. The
// error says that no session has it, or that what is kept does not open.
func (s *Store) Secret(ctx context.Context, ref string) (string, error) {
	var all [][]byte
	err := s.readOnce(ctx, func(ctx context.Context, r *reader) (err error) {
		if all, err = r.q.Secret(ctx, ref); err != nil {
			return fmt.Errorf("read secret: %w", err)
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	err = errNoSecret
	for _, sealed := range all { // of each session that has it; any that opens will do
		var plain []byte
		if plain, err = s.seal.Open(sealed, secretAbout(ref)); err == nil {
			return string(plain), nil
		}
	}
	return "", err
}

func secretAbout(ref string) []byte { return []byte("secret " + ref) }

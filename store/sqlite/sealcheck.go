// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/s2cd/s2cd/store/sqlite/internal/sqlitedb"
)

// sealedCheck is what the store has sealed to know the key again.
const sealedCheck = "s2cd store"

// checkSeal refuses a key that is not the one the store was made with: with
// another, no secret in it could be read.
func (s *Store) checkSeal(ctx context.Context) error {
	return s.writer.one(ctx, interactive, func(ctx context.Context, t *tx) error {
		sealed, err := t.q.SealCheck(ctx)
		if err == nil {
			return s.opens(sealed, sealedCheck)
		}
		if !errors.Is(err, sql.ErrNoRows) {
			return fmt.Errorf("read seal check: %w", err)
		}
		if err := s.opensToken(ctx, t.q); err != nil {
			return err
		}
		if err := t.q.SetSealCheck(ctx, s.seal.Seal([]byte(sealedCheck), []byte(sealedCheck))); err != nil {
			return fmt.Errorf("write seal check: %w", err)
		}
		return nil
	})
}

// opensToken tries the key on a secret of a store that was made before there
// was a check.
func (s *Store) opensToken(ctx context.Context, q *sqlitedb.Queries) error {
	row, err := q.AnyToken(ctx)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a token: %w", err)
	}
	return s.opens(row.Token, row.ID)
}

func (s *Store) opens(sealed []byte, about string) error {
	if _, err := s.seal.Open(sealed, []byte(about)); err != nil {
		return fmt.Errorf("the sealing key is not the one that this store was made with: %w", err)
	}
	return nil
}

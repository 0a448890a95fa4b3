// SPDX-License-Identifier: Apache-2.0

package order

import (
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/s2cd/s2cd/pathcomp"
	"github.com/s2cd/s2cd/session"
)

// Pathfinder answers which path, and is there room.
type Pathfinder interface {
	Search(d pathcomp.Demand) (pathcomp.Admission, *pathcomp.Refusal)
}

// Meter says what was measured of a session.
type Meter interface {
	Measured(s session.Session) Measured
}

// Config is what a Service needs. All fields but Log and Records are required.
type Config struct {
	Store     Store
	Paths     Pathfinder
	Ledger    Ledger
	Meter     Meter
	Records   Records // nil: none are kept
	Directory *Directory
	OfferKey  []byte // signs offers, and names secrets; at least 32 bytes
	Clock     func() time.Time
	NewID     func() session.ID
	Wake      func(session.Session) // tells provision that a session changed
	Log       *slog.Logger
}

// Service carries out the use cases. It is safe for concurrent use.
type Service struct {
	store     Store
	paths     Pathfinder
	ledger    Ledger
	meter     Meter
	records   Records
	directory atomic.Pointer[Directory]
	offers    offerSigner
	secrets   secretNamer
	now       func() time.Time
	newID     func() session.ID
	wake      func(session.Session)
	log       *slog.Logger
}

// New returns a Service; the error names what is missing.
func New(c Config) (*Service, error) {
	switch {
	case c.Store == nil, c.Paths == nil, c.Ledger == nil, c.Meter == nil, c.Directory == nil:
		return nil, errors.New("order: store, paths, ledger, meter and directory are required")
	case len(c.OfferKey) < 32:
		return nil, errors.New("order: the offer key needs 32 bytes")
	case c.Clock == nil, c.NewID == nil, c.Wake == nil:
		return nil, errors.New("order: clock, id source and wake are required")
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.Records == nil {
		c.Records = noRecords{}
	}
	secrets, err := newSecretNamer(c.OfferKey)
	if err != nil {
		return nil, fmt.Errorf("order: %w", err)
	}
	s := &Service{
		store: c.Store, paths: c.Paths, ledger: c.Ledger, meter: c.Meter, records: c.Records,
		offers: offerSigner{key: c.OfferKey}, secrets: secrets, now: c.Clock, newID: c.NewID, wake: c.Wake, log: c.Log,
	}
	s.directory.Store(c.Directory)
	return s, nil
}

// Reload makes the use cases work with a new inventory from now on.
func (s *Service) Reload(d *Directory) { s.directory.Store(d) }

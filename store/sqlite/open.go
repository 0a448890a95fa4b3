// SPDX-License-Identifier: Apache-2.0

package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/provision"
)

var (
	_ order.Store  = (*Store)(nil)
	_ order.Outbox = (*Store)(nil)

	_ order.DeadLetters      = (*Store)(nil)
	_ order.NotificationKeys = (*Store)(nil)

	_ provision.Store = (*Store)(nil)
	_ provision.Store = (*Provision)(nil)
)

// ErrClosed says that the store is being closed or was.
var ErrClosed = errors.New("store is closed")

// Sealer keeps secrets unreadable in the file; store/seal has one. about binds
// what is sealed to its place.
type Sealer interface {
	Seal(plain, about []byte) []byte
	Open(sealed, about []byte) ([]byte, error)
}

// Config says where the store is. All fields but Lead are required.
type Config struct {
	Path   string // of the file; "-wal", "-shm" and "-lock" appear beside it
	Clock  func() time.Time
	Logger *slog.Logger
	Seal   Sealer
	// Lead is called before each transaction by the goroutine that writes, which needs
	// less than a processor: to put it before all others when somebody waits for the
	// transaction, else among them.
	Lead func(first bool)
	// ReadLimit bounds a read: a longer one would keep the write-ahead log from being
	// emptied. 0: a second.
	ReadLimit time.Duration
}

// Store is the embedded store. It is safe for concurrent use.
type Store struct {
	clock        func() time.Time
	log          *slog.Logger
	seal         Sealer
	lead         func(first bool)
	readLimit    time.Duration
	lock         *os.File
	writeDB      *sql.DB
	readDB       *sql.DB
	writer       *writer
	readers      chan *reader
	checkpointer *checkpointer
	known        *known
	slots        *slots
	bad          unreadable

	closing  sync.Once
	closeErr error // of the first Close, set in closing
}

// Open opens the store, makes it if there is none, and brings its schema up to
// date. It fails in words when another process has it, when it is damaged, when
// a newer s2cd made it, and when it was made with another sealing key.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if cfg.Path == "" || cfg.Clock == nil || cfg.Logger == nil || cfg.Seal == nil {
		return nil, errors.New("open store: path, clock, logger and seal are required")
	}
	if cfg.Lead == nil {
		cfg.Lead = func(bool) {}
	}
	if cfg.ReadLimit == 0 {
		cfg.ReadLimit = time.Second
	}
	s := &Store{
		clock: cfg.Clock, log: cfg.Logger, seal: cfg.Seal, lead: cfg.Lead, readLimit: cfg.ReadLimit, known: newKnown(), slots: newSlots(),
		bad: unreadable{told: map[int64]struct{}{}},
	}
	if err := s.open(ctx, cfg.Path); err != nil {
		return nil, errors.Join(explain(cfg.Path, err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, path string) error {
	var err error
	if s.lock, err = lockFile(path + "-lock"); err != nil {
		return err
	}
	if err := makeFile(path); err != nil {
		return err
	}
	if s.writeDB, err = sql.Open("sqlite", dsn(path, "&_pragma=cache_size(-262144)")); err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	if err := Migrate(ctx, s.writeDB); err != nil {
		return err
	}
	if s.checkpointer, err = newCheckpointer(ctx, s.writeDB, s.log); err != nil {
		return err
	}
	if s.writer, err = newWriter(ctx, s); err != nil {
		return err
	}
	if err := s.checkSeal(ctx); err != nil {
		return err
	}
	if s.readDB, err = sql.Open("sqlite", dsn(path, "&_pragma=query_only(1)&_pragma=cache_size(-8192)")); err != nil {
		return fmt.Errorf("open database for reading: %w", err)
	}
	if s.readers, err = newReaders(ctx, s.readDB); err != nil {
		return err
	}
	return s.makeEpoch(ctx)
}

// Close waits for the transaction under way and lets the file go. What still
// waits to be written is refused with ErrClosed.
func (s *Store) Close() error {
	s.closing.Do(func() { s.closeErr = s.close() })
	return s.closeErr
}

func (s *Store) close() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.readers != nil {
		errs = append(errs, closeReaders(s.readers, 2*s.readLimit))
	}
	if s.checkpointer != nil {
		errs = append(errs, s.checkpointer.close())
	}
	for _, db := range []*sql.DB{s.readDB, s.writeDB} {
		if db != nil {
			errs = append(errs, db.Close())
		}
	}
	if s.lock != nil {
		errs = append(errs, unlock(s.lock))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close store: %w", err)
	}
	return nil
}

// dsn names the file with what every connection needs: a commit is on the disk
// before it is answered (synchronous=FULL), and undo pages stay in memory.
func dsn(path, more string) string {
	u := url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}
	return u.String() + "?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)" +
		"&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)" +
		"&_pragma=wal_autocheckpoint(32000)&_pragma=journal_size_limit(167772160)" + more
}

// makeFile makes the file readable for its owner alone before SQLite would
// make it readable for everybody.
func makeFile(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return fmt.Errorf("open file: %w", err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("close file: %w", err)
	}
	return nil
}

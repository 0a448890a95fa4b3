// SPDX-License-Identifier: Apache-2.0

package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/s2cd/s2cd/order"
	"github.com/s2cd/s2cd/session"
	"github.com/s2cd/s2cd/store/sqlite"
	"github.com/s2cd/s2cd/store/storetest"
)

// childEnv makes the test binary a daemon that writes until it is killed.
const childEnv = "S2CD_STORE_TEST_CHILD"

func TestMain(m *testing.M) {
	if path := os.Getenv(childEnv); path != "" {
		if err := writeForever(path); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// writeForever admits sessions in several goroutines, ends every second one,
// and says which are durable.
func writeForever(path string) error {
	ctx := context.Background()
	s, err := sqlite.Open(ctx, config(fatal{}, path, time.Now))
	if err != nil {
		return err
	}
	ledger := storetest.NewLedger(0)
	if err := s.LoadBookings(ctx, ledger.Load); err != nil {
		return err
	}
	errs := make(chan error)
	for worker := range 4 {
		go func() {
			for i := worker; ; i += 4 {
				if err := writeOne(ctx, s, ledger, i); err != nil {
					errs <- err
				}
			}
		}()
	}
	return <-errs
}

func writeOne(ctx context.Context, s *sqlite.Store, ledger order.Ledger, i int) error {
	r, err := s.AdmitBatch(ctx, []order.Admission{storetest.Admission(i)}, ledger)
	if err != nil {
		return err
	}
	if r[0].Err != nil {
		return r[0].Err
	}
	one := r[0].Session
	fmt.Println("admitted", one.ID)
	if i%2 == 0 {
		return nil
	}
	one.Phase = session.Releasing
	if one, err = s.Advance(ctx, order.Step{Session: one}, ledger); err != nil {
		return err
	}
	fmt.Println("ending", one.ID)
	one.Phase = session.Released
	if one, err = s.Advance(ctx, order.Step{Session: one, Return: true}, ledger); err != nil {
		return err
	}
	fmt.Println("released", one.ID)
	return nil
}

// fatal lets the child use the tests' helpers.
type fatal struct{ testing.TB }

func (fatal) Helper() {}

func (fatal) Fatal(args ...any) { panic(fmt.Sprint(args...)) }

// TestKilled kills a daemon in the middle of its writes again and again: what
// it had answered is there, and what is there is whole.
func TestKilled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "store")
	said := map[session.ID]string{}
	for round := range 4 {
		runAndKill(t, path, 30+20*round, said)
		checkAfterCrash(t, path, said)
	}
}

// runAndKill lets the child say a number of lines and kills it.
func runAndKill(t *testing.T, path string, lines int, said map[session.ID]string) {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), childEnv+"="+path)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	scanner := bufio.NewScanner(out)
	for n := 0; scanner.Scan(); n++ {
		if word, id, ok := strings.Cut(scanner.Text(), " "); ok {
			said[session.ID(id)] = word
		}
		if n == lines {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("child ended by itself: %v", err)
	}
}

func checkAfterCrash(t *testing.T, path string, said map[session.ID]string) {
	t.Helper()
	s, err := sqlite.Open(t.Context(), config(t, path, time.Now))
	if err != nil {
		t.Fatal(err)
	}
	for id, word := range said {
		one, err := s.Session(t.Context(), id)
		if err != nil {
			t.Errorf("%s %s: %v", word, id, err)
		}
		if word == "released" && one.Phase != session.Released || word == "ending" && one.Phase == session.Admitted {
			t.Errorf("%s %s is %s", word, id, one.Phase)
		}
	}
	ledger := storetest.NewLedger(1 << 40)
	if err := s.LoadBookings(t.Context(), ledger.Load); err != nil {
		t.Error(err)
	}
	faults, err := s.Audit(t.Context())
	if err != nil || len(faults) > 0 {
		t.Errorf("audit: %v %v", faults, err)
	}
	due := 0
	for now := time.Now(); ; {
		claimed, err := s.ClaimDue(t.Context(), "check", now, now.Add(time.Microsecond), 500)
		if err != nil {
			t.Fatal(err)
		}
		if len(claimed) == 0 {
			break
		}
		due += len(claimed)
	}
	waiting, _, err := s.Sessions(t.Context(), order.Filter{Limit: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range waiting {
		if one.Phase == session.Admitted {
			due--
		}
		if events, err := s.Timeline(t.Context(), one.ID); err != nil || len(events) != 1 || len(one.Devices) == 0 {
			t.Errorf("session %s is not whole: %d events, %d devices: %v", one.ID, len(events), len(one.Devices), err)
		}
	}
	if due != 0 {
		t.Errorf("due sessions and admitted ones differ by %d", due)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	db := raw(t, path)
	var verdict string
	if err := db.QueryRowContext(t.Context(), "PRAGMA integrity_check").Scan(&verdict); err != nil || verdict != "ok" {
		t.Errorf("integrity: %s %v", verdict, err)
	}
	checkLog(t, path)
}

// checkLog looks for gaps in the log of bookings, and for sessions whose live
// bookings do not agree with what they are.
func checkLog(t *testing.T, path string) {
	t.Helper()
	var gaps, wrong int
	db := raw(t, path)
	err := db.QueryRowContext(t.Context(), "SELECT max(seq) - count(*) FROM booking").Scan(&gaps)
	if err != nil || gaps != 0 {
		t.Errorf("%d bookings are missing: %v", gaps, err)
	}
	err = db.QueryRowContext(t.Context(), `
		SELECT count(*) FROM session s
		WHERE s.live <> (SELECT count(*) FROM booking b WHERE b.owner = s.id AND b.live = 1)
			OR 1 - s.live <> (SELECT count(*) FROM booking b WHERE b.owner = s.id AND b.releases = 1)`).Scan(&wrong)
	if err != nil || wrong != 0 {
		t.Errorf("%d sessions disagree with their bookings: %v", wrong, err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const (
	configFile    = "config.json"
	confirmedFile = "confirmed.json"
	fenceFile     = "fence.json"
	pendingFile   = "pending.json"
	slotFolder    = "slots"
)

// stateDir is the agent's memory: one small file per fact, each replaced as a
// whole and synced before it counts.
type stateDir string

// openStateDir makes the folder (0700) where it is missing and refuses one
// that others may read.
func openStateDir(path string) (stateDir, error) {
	if err := os.MkdirAll(filepath.Join(path, slotFolder), 0o700); err != nil {
		return "", fmt.Errorf("state folder: %w", err)
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("state folder: %w", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", fmt.Errorf("state folder %s has mode %04o; it holds private keys and must be 0700", path, info.Mode().Perm())
	}
	return stateDir(path), nil
}

// read fills v from a file; found is false where there is none.
func (d stateDir) read(name string, v any) (found bool, err error) {
	b, err := d.readBytes(name)
	if b == nil || err != nil {
		return false, err
	}
	if err := json.Unmarshal(b, v); err != nil {
		return false, fmt.Errorf("state file %s: %w", filepath.Join(string(d), name), err)
	}
	return true, nil
}

func (d stateDir) readBytes(name string) ([]byte, error) {
	b, err := os.ReadFile(filepath.Join(string(d), name)) //nolint:gosec // our own folder
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("state file: %w", err)
	}
	return b, nil
}

func (d stateDir) write(name string, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("state file %s: %w", name, err)
	}
	return d.writeBytes(name, b)
}

// writeBytes replaces a file: after a crash it holds either the old or the new content.
func (d stateDir) writeBytes(name string, b []byte) error {
	path := filepath.Join(string(d), name)
	tmp, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("state file: %w", err)
	}
	defer func() { _ = os.Remove(tmp.Name()) }()
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("state file %s: %w", path, err)
	}
	return syncFolder(filepath.Dir(path))
}

// remove forgets a fact.
func (d stateDir) remove(name string) error {
	path := filepath.Join(string(d), name)
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("state file: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes a rename or a removal durable.
func syncFolder(path string) error {
	f, err := os.Open(path) //nolint:gosec // our own folder
	if err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("state folder: %w", err)
	}
	return nil
}

// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// former remembers what the host's own settings were before the first change,
// by their path below sysctlRoot.
type former map[string]string

func (r *Realiser) formerFile() string { return filepath.Join(r.cfg.Folder, "former.json") }

func (r *Realiser) readFormer() (former, error) {
	f := former{}
	b, err := os.ReadFile(r.formerFile())
	if errors.Is(err, fs.ErrNotExist) {
		return f, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &f)
	}
	if err != nil {
		return nil, fmt.Errorf("former settings: %w", err)
	}
	return f, nil
}

// remember writes down the values of files, which are about to change. One that
// is known already was changed by us before.
func (r *Realiser) remember(files []string) error {
	f, err := r.readFormer()
	if err != nil {
		return err
	}
	for _, path := range files {
		key, err := filepath.Rel(sysctlRoot, path)
		if err != nil {
			return fmt.Errorf("former settings: %w", err)
		}
		if _, known := f[key]; known {
			continue
		}
		value, err := readSysctl(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue // its device went
		}
		if err != nil {
			return err
		}
		f[key] = value
	}
	b, err := json.MarshalIndent(f, "", " ")
	if err != nil {
		return fmt.Errorf("former settings: %w", err)
	}
	return r.writeFormer(b)
}

// writeFormer replaces the file: after a crash it holds the old or the new content.
func (r *Realiser) writeFormer(b []byte) error {
	next, err := os.CreateTemp(r.cfg.Folder, ".new-*")
	if err != nil {
		return fmt.Errorf("former settings: %w", err)
	}
	defer func() { _ = os.Remove(next.Name()) }()
	_, err = next.Write(b)
	err = errors.Join(err, next.Sync(), next.Close())
	if err == nil {
		err = os.Rename(next.Name(), r.formerFile())
	}
	return named("former settings", err)
}

// restore gives the host's settings their former values. Those for all devices
// come first, since the kernel copies them to each.
func (r *Realiser) restore() error {
	f, err := r.readFormer()
	if err != nil || len(f) == 0 {
		return err
	}
	keys := slices.Sorted(maps.Keys(f))
	slices.SortStableFunc(keys, func(a, b string) int { return scope(a) - scope(b) })
	err = r.ns.do(func() error {
		var faults []error
		for _, key := range keys {
			path := filepath.Join(sysctlRoot, key)
			now, err := readSysctl(path)
			if errors.Is(err, fs.ErrNotExist) {
				continue // its device is gone
			}
			if err == nil && now != f[key] {
				err = writeSysctl(path, f[key])
			}
			faults = append(faults, err)
		}
		return errors.Join(faults...)
	})
	if err != nil {
		return fmt.Errorf("former settings: %w", err)
	}
	if err := os.Remove(r.formerFile()); err != nil {
		return fmt.Errorf("former settings: %w", err)
	}
	return nil
}

func scope(key string) int {
	if filepath.Base(filepath.Dir(key)) == "all" {
		return 0
	}
	return 1
}

// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// loadModules loads modules with what they depend on from a folder with a
// modules.dep, so that no kmod is needed. A name that is not there is built in
// or will be missed by whoever uses it.
func loadModules(dir string, names []string) error {
	data, err := os.ReadFile(filepath.Join(dir, "modules.dep"))
	if err != nil {
		return fmt.Errorf("read modules.dep: %w", err)
	}
	deps := parseDeps(string(data))
	for _, name := range names {
		for _, file := range deps[name] {
			if err := insert(filepath.Join(dir, file)); err != nil {
				return fmt.Errorf("load module %s: %w", file, err)
			}
		}
	}
	return nil
}

// parseDeps gives for each module the files to load, in order.
func parseDeps(text string) map[string][]string {
	out := map[string][]string{}
	for line := range strings.Lines(text) {
		file, rest, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		before := strings.Fields(rest)
		files := make([]string, 0, len(before)+1)
		for i := len(before) - 1; i >= 0; i-- {
			files = append(files, before[i])
		}
		name, _, _ := strings.Cut(filepath.Base(file), ".")
		out[strings.ReplaceAll(name, "-", "_")] = append(files, file)
	}
	return out
}

func insert(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := unix.FinitModule(int(f.Fd()), "", 0); err != nil && !errors.Is(err, unix.EEXIST) {
		return err
	}
	return nil
}

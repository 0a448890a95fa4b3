// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// specVar names the environment variable that carries the spec file's path to
// PID 1; the user-mode kernel hands it on from its command line.
const specVar = "S2CLAB_SPEC"

// spec is what PID 1 has to know; it is handed over in a file because the
// user-mode kernel's command line is short.
type spec struct {
	UML      bool     `json:"uml"`
	Work     string   `json:"work"`     // empty folder that becomes the tmpfs of the new root
	Packages string   `json:"packages"` // folder that Packages filled, may be empty
	Modules  string   `json:"modules"`  // folder with modules.dep, user-mode-linux only
	Visible  []string `json:"visible"`  // host folders seen read-only at the same path
	Results  string   `json:"results"`  // host folder writable at the same path
	Command  []string `json:"command"`
	Env      []string `json:"env"`
	Dir      string   `json:"dir"`
	Kernel   string   `json:"kernel"` // the user-mode kernel, used by the supervisor
	MemMiB   int      `json:"memMiB"`
	Self     string   `json:"self"`
}

func (s *spec) write() (string, error) {
	path := filepath.Join(filepath.Dir(s.Work), "spec.json")
	data, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("encode lab spec: %w", err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return "", fmt.Errorf("write lab spec: %w", err)
	}
	return path, nil
}

func readSpec(path string) (*spec, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read lab spec: %w", err)
	}
	s := &spec{}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("decode lab spec: %w", err)
	}
	return s, nil
}

// SPDX-License-Identifier: Apache-2.0

package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/openconfig/ygot/ygot"
)

// confirmation says which commit made the confirmed configuration. It is
// written before it and counts only beside a configuration of that sum: an
// agent that dies between the two, or before the commit's record is removed,
// knows at its next start which of the two it has.
type confirmation struct {
	ID     string `json:"id"`
	Config string `json:"config"` // SHA-256 of the file, hexadecimal
}

// confirm makes t what survives a restart; id is the commit's, empty for a Set
// without one. mu is held.
func (a *Agent) confirm(t *tree, id string) error {
	text, err := ygot.EmitJSON(t.root, &ygot.EmitJSONConfig{
		Format: ygot.RFC7951, Indent: " ", SkipValidation: true,
		RFC7951Config: &ygot.RFC7951JSONConfig{AppendModuleName: true},
	})
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	if id != "" {
		if err := a.dir.write(confirmedFile, confirmation{ID: id, Config: sumOf([]byte(text))}); err != nil {
			return err
		}
	}
	if err := a.dir.writeBytes(configFile, []byte(text)); err != nil {
		return err
	}
	a.confirmed = t
	return nil
}

// wasConfirmed reports whether commit id made the configuration on disk.
func (a *Agent) wasConfirmed(id string) (bool, error) {
	var c confirmation
	found, err := a.dir.read(confirmedFile, &c)
	if err != nil || !found || c.ID != id {
		return false, err
	}
	b, err := a.dir.readBytes(configFile)
	return err == nil && sumOf(b) == c.Config, err
}

func sumOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

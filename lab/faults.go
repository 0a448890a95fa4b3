// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Inject makes things go wrong on a PE: the members of pe.Fault in JSON, as in
// {"refuse": 1, "refuseText": "no room"}. An empty map heals.
func (e *Env) Inject(ctx context.Context, pe string, fault map[string]any) error {
	body, err := json.Marshal(fault)
	if err != nil {
		return fmt.Errorf("encode fault: %w", err)
	}
	return e.faults(ctx, http.MethodPost, "/"+pe+"/fault", body, nil)
}

// Cut drops all gNMI connections of a PE.
func (e *Env) Cut(ctx context.Context, pe string) error {
	return e.faults(ctx, http.MethodPost, "/"+pe+"/cut", nil, nil)
}

// Counters reads what each PE has counted: sets, gets, commits, confirms,
// rollbacks, refused.
func (e *Env) Counters(ctx context.Context) (map[string]map[string]int, error) {
	out := map[string]map[string]int{}
	return out, e.faults(ctx, http.MethodGet, "/state", nil, &out)
}

func (e *Env) faults(ctx context.Context, method, path string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+e.FaultsAddr+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("fault verb %s: %w", path, err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("fault verb %s: %w", path, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("fault verb %s: %w", path, err)
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("fault verb %s: %s: %s", path, resp.Status, text)
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("fault verb %s: decode answer: %w", path, err)
	}
	return nil
}

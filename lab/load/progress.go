// SPDX-License-Identifier: Apache-2.0

package load

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
)

// admin reads a page of the operators' listener.
func (s *stack) admin(ctx context.Context, path string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+s.addresses[adminAt]+path, http.NoBody)
	if err != nil {
		return "", fmt.Errorf("admin request: %w", err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return "", fmt.Errorf("ask the daemon: %w", err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", path, resp.Status)
	}
	return string(text), err
}

// phases says how far provisioning has come: sessions by phase, of the daemon's
// metrics.
func (s *stack) phases(ctx context.Context) (map[string]int, error) {
	text, err := s.admin(ctx, "/metrics")
	if err != nil {
		return nil, err
	}
	return phasesIn(text)
}

// phasesIn reads s2cd_sessions in the Prometheus text format.
func phasesIn(text string) (map[string]int, error) {
	all := map[string]int{}
	for line := range strings.Lines(text) {
		rest, ok := strings.CutPrefix(line, `s2cd_sessions{phase="`)
		if !ok {
			continue
		}
		phase, value, _ := strings.Cut(rest, `"} `)
		n, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
		if err != nil {
			return nil, fmt.Errorf("sessions in phase %s: %w", phase, err)
		}
		if n > 0 {
			all[phase] = int(n)
		}
	}
	return all, nil
}

// tail returns the end of a log.
func tail(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	const most = 2000
	return string(text[max(0, len(text)-most):])
}

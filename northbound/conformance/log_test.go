// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"strings"
	"sync"
)

// tail keeps the lines that a process has logged.
type tail struct {
	mu    sync.Mutex // guards lines
	lines []string
}

func (l *tail) add(line string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

// String returns the last lines.
func (l *tail) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines[max(0, len(l.lines)-40):], "\n")
}

// with returns the lines that hold text.
func (l *tail) with(text string) []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var found []string
	for _, line := range l.lines {
		if strings.Contains(line, text) {
			found = append(found, line)
		}
	}
	return found
}

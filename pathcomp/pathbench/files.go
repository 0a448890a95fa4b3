// SPDX-License-Identifier: Apache-2.0

package pathbench

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
)

// LoadGraph is ReadGraph for a file. Errors name it.
func LoadGraph(path string) (*Graph, error) { return load(path, ReadGraph) }

// LoadQueries is ReadQueries for a file. Errors name it.
func LoadQueries(path string, nodes int) ([]Query, error) {
	return load(path, func(r io.Reader) ([]Query, error) { return ReadQueries(r, nodes) })
}

// LoadAnswers is ReadAnswers for a file. Errors name it.
func LoadAnswers(path string, count int) ([]Answer, error) {
	return load(path, func(r io.Reader) ([]Answer, error) { return ReadAnswers(r, count) })
}

func load[T any](path string, read func(io.Reader) (T, error)) (T, error) {
	var none T
	f, err := os.Open(path)
	if err != nil {
		return none, err
	}
	defer f.Close()
	out, err := read(f)
	if err != nil {
		return none, fmt.Errorf("%s: %w", path, err)
	}
	return out, nil
}

// IsGraph tells by the beginning of a file whether it is for ReadGraph: the
// first line is two numbers.
func IsGraph(head []byte) bool {
	line, _, _ := bytes.Cut(head, []byte("\n"))
	fields := bytes.Fields(line)
	for _, f := range fields {
		if _, err := strconv.ParseUint(string(f), 10, 32); err != nil {
			return false
		}
	}
	return len(fields) == 2
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/s2cd/s2cd/pathcomp/pathbench"
)

//go:embed cpp
var sources embed.FS

// compile builds the C++ programs into a folder and returns them by name.
func compile(ctx context.Context, into string) (map[string]string, error) {
	if err := os.CopyFS(into, sources); err != nil {
		return nil, err
	}
	files, err := fs.Glob(sources, "cpp/*.cpp")
	if err != nil {
		return nil, err
	}
	programs := map[string]string{}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".cpp")
		programs[name] = filepath.Join(into, name)
		build := exec.CommandContext(ctx, "g++", "-std=c++17", "-O3", "-march=native", "-DNDEBUG", "-o", programs[name], filepath.Join(into, file))
		if text, err := build.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("g++ (with liblemon-dev and libboost-graph-dev) %s: %w\n%s", file, err, text)
		}
	}
	return programs, nil
}

// program runs one of the C++ programs on a case, with at most so many queries
// (0: all).
func program(path string, about time.Duration, most int) func(context.Context, testCase) (result, error) {
	return func(ctx context.Context, t testCase) (result, error) {
		seconds := strconv.FormatFloat(about.Seconds(), 'f', -1, 64)
		cmd := exec.CommandContext(ctx, path, t.graphFile, t.queriesFile, seconds, strconv.Itoa(most))
		cmd.Stderr = os.Stderr
		line, err := cmd.Output()
		if err != nil {
			return result{}, err
		}
		var said struct {
			With             []string           `json:"with"`
			QueriesPerSecond float64            `json:"queriesPerSecond"`
			Answers          []pathbench.Answer `json:"answers"`
		}
		if err := json.Unmarshal(line, &said); err != nil {
			return result{}, fmt.Errorf("its line: %w", err)
		}
		if len(said.Answers) == 0 || len(said.Answers) > len(t.queries) {
			return result{}, fmt.Errorf("%d answers to %d queries", len(said.Answers), len(t.queries))
		}
		return result{queriesPerSecond: said.QueriesPerSecond, answers: said.Answers, with: said.With}, nil
	}
}

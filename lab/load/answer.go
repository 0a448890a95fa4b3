// SPDX-License-Identifier: Apache-2.0

package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
)

// answer is what came back.
type answer struct {
	status   int
	location string
	body     []byte // of an answer that was not wanted
}

// readAnswer reads an answer as the daemon writes it: HTTP/1.1 with the length of
// its body (RFC 9112, sections 4 and 6.3), no line longer than what in holds. A body
// that was wanted is passed over. net/http does more, and would take the time for it
// from the daemon.
func readAnswer(in *bufio.Reader, want int) (a answer, err error) {
	line, err := readLine(in)
	if err != nil {
		return a, err
	}
	code, ok := bytes.CutPrefix(line, []byte("HTTP/1.1 "))
	if !ok || len(code) < 3 {
		return a, fmt.Errorf("status line %q", line)
	}
	if a.status, err = strconv.Atoi(string(code[:3])); err != nil {
		return a, fmt.Errorf("status line %q: %w", line, err)
	}
	length := -1
	for {
		if line, err = readLine(in); err != nil {
			return a, err
		}
		if len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil || length < 0 {
				return a, fmt.Errorf("field %q", line)
			}
		case bytes.EqualFold(name, []byte("Location")):
			a.location = string(value)
		}
	}
	switch {
	case length < 0:
		return a, errors.New("it does not say how long it is")
	case a.status == want:
		_, err = in.Discard(length)
	default:
		a.body = make([]byte, length)
		_, err = io.ReadFull(in, a.body)
	}
	if err != nil {
		return a, fmt.Errorf("body: %w", err)
	}
	return a, nil
}

// readLine returns the next line, without its end. It is good until the next read.
func readLine(in *bufio.Reader) ([]byte, error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return nil, fmt.Errorf("head: %w", err)
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
)

// hexByte is an element of the byte slice that holds the schema.
var hexByte = regexp.MustCompile(`0x([0-9a-f]{2})`)

// canonicalSchema rewrites the compressed schema inside the bindings without
// the record of which augmentation added what: its order differs from run to
// run, and nothing uses it.
func canonicalSchema(bindings []byte) ([]byte, error) {
	start := bytes.Index(bindings, []byte("ySchema = []byte{"))
	if start < 0 {
		return nil, errors.New("bindings have no schema")
	}
	end := start + bytes.IndexByte(bindings[start:], '}')
	if end < start {
		return nil, errors.New("schema has no end")
	}
	var packed []byte
	for _, m := range hexByte.FindAllSubmatch(bindings[start:end], -1) {
		b, err := strconv.ParseUint(string(m[1]), 16, 8)
		if err != nil {
			return nil, fmt.Errorf("schema byte: %w", err)
		}
		packed = append(packed, byte(b))
	}
	packed, err := repack(packed)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	out.Write(bindings[:start])
	out.WriteString("ySchema = []byte{")
	for i, b := range packed {
		if i%16 == 0 {
			out.WriteString("\n\t\t")
		}
		fmt.Fprintf(&out, "0x%02x, ", b)
	}
	out.WriteString("\n\t")
	out.Write(bindings[end:])
	return out.Bytes(), nil
}

func repack(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("open schema: %w", err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpack schema: %w", err)
	}
	var schema any
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if err := dec.Decode(&schema); err != nil {
		return nil, fmt.Errorf("decode schema: %w", err)
	}
	dropAugmented(schema)
	if text, err = json.Marshal(schema); err != nil {
		return nil, fmt.Errorf("encode schema: %w", err)
	}
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		return nil, fmt.Errorf("pack schema: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("pack schema: %w", err)
	}
	return out.Bytes(), nil
}

func dropAugmented(v any) {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "Augmented")
		for _, child := range v {
			dropAugmented(child)
		}
	case []any:
		for _, child := range v {
			dropAugmented(child)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package session

import (
	"fmt"
	"log/slog"
)

// Hidden is a secret on its way: no way of printing shows it.
type Hidden string

const hidden = "***"

var (
	_ fmt.Formatter  = Hidden("")
	_ slog.LogValuer = Hidden("")
)

// Format implements fmt.Formatter, for every verb.
func (Hidden) Format(s fmt.State, _ rune) { _, _ = s.Write([]byte(hidden)) }

// LogValue implements slog.LogValuer.
func (Hidden) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText implements encoding.TextMarshaler: JSON has it no more than others.
func (Hidden) MarshalText() ([]byte, error) { return []byte(hidden), nil }

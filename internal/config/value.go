// SPDX-License-Identifier: Apache-2.0

package config

import "log/slog"

// Secret is a text that is never printed.
type Secret string

const hidden = "[hidden]"

// String implements fmt.Stringer without the secret.
func (s Secret) String() string { return hidden }

// GoString implements fmt.GoStringer without the secret.
func (s Secret) GoString() string { return hidden }

// LogValue implements slog.LogValuer without the secret.
func (s Secret) LogValue() slog.Value { return slog.StringValue(hidden) }

// MarshalText implements encoding.TextMarshaler without the secret.
func (s Secret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

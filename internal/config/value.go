// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"log/slog"
	"math/big"
	"strings"
)

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

// Percent is a share in 1/1000: "20%" is 200.
type Percent uint32

// UnmarshalText reads a share between "0%" and "100%", to a tenth of a percent.
func (p *Percent) UnmarshalText(text []byte) error {
	number, ok := strings.CutSuffix(string(text), "%")
	v, isNumber := new(big.Rat).SetString(number)
	if !ok || !isNumber || strings.ContainsAny(number, "/eE_") {
		return errors.New("not a share")
	}
	v.Mul(v, big.NewRat(10, 1))
	if !v.IsInt() || v.Sign() < 0 || v.Cmp(big.NewRat(1000, 1)) > 0 {
		return errors.New("not a share")
	}
	*p = Percent(v.Num().Uint64()) //nolint:gosec // at most 1000
	return nil
}

// Wanted says what UnmarshalText takes.
func (p *Percent) Wanted() string { return "a share from 0% to 100% like 12.5%" }

// String renders the share.
func (p Percent) String() string {
	if p%10 == 0 {
		return fmt.Sprintf("%d%%", p/10)
	}
	return fmt.Sprintf("%d.%d%%", p/10, p%10)
}

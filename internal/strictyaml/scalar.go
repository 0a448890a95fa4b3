// SPDX-License-Identifier: Apache-2.0

package strictyaml

import (
	"encoding"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// rules is what a field's check tag asks for.
type rules struct {
	required, secret, symmetric bool
	oneOf                       []string
	min, max                    string
}

func fieldRules(f reflect.StructField) rules {
	var r rules
	for _, word := range strings.Split(f.Tag.Get("check"), ",") {
		name, arg, _ := strings.Cut(word, "=")
		switch name {
		case "required":
			r.required = true
		case "secret":
			r.secret = true
		case "symmetric":
			r.symmetric = true
		case "oneof":
			r.oneOf = strings.Split(arg, "|")
		case "min":
			r.min = arg
		case "max":
			r.max = arg
		}
	}
	return r
}

// element returns the rules for what a list or table holds.
func (r rules) element() rules {
	r.required = false
	return r
}

// show quotes a value for a fault, a secret not at all.
func (r rules) show(text string) string {
	const most = 60
	if r.secret {
		return "a secret value"
	}
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "..."
	}
	return strconv.Quote(text)
}

// Set gives the field of struct type s at index i the value written in text,
// by the rules of its tags: the way in for environment variables.
func Set(s reflect.Value, i int, text string) error {
	v, r := s.Field(i), fieldRules(s.Type().Field(i))
	if v.Kind() != reflect.Slice {
		return setText(v, text, r)
	}
	var parts []string
	if text != "" {
		parts = strings.Split(text, ",")
	}
	out := reflect.MakeSlice(v.Type(), len(parts), len(parts))
	for j, p := range parts {
		if err := setText(out.Index(j), strings.TrimSpace(p), r); err != nil {
			return err
		}
	}
	v.Set(out)
	return nil
}

func setText(v reflect.Value, text string, r rules) error {
	if t, ok := v.Addr().Interface().(encoding.TextUnmarshaler); ok {
		if err := t.UnmarshalText([]byte(text)); err != nil {
			return fmt.Errorf("want %s, got %s", wantedBecause(v.Type(), err), r.show(text))
		}
		return nil
	}
	if v.Type() == reflect.TypeFor[time.Duration]() {
		dur, err := ParseDuration(text)
		if err != nil {
			return fmt.Errorf("want a duration like 1h30m or 7d, got %s", r.show(text))
		}
		v.SetInt(int64(dur))
		return r.bounds(dur)
	}
	switch v.Kind() { //nolint:exhaustive // the kinds the doc comment names
	case reflect.String:
		return setString(v, text, r)
	case reflect.Bool:
		b, err := strconv.ParseBool(text)
		if err != nil {
			return fmt.Errorf("want true or false, got %s", r.show(text))
		}
		v.SetBool(b)
		return nil
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8,
		reflect.Uint, reflect.Uint64, reflect.Uint32, reflect.Uint16, reflect.Uint8:
		return setWhole(v, text, r)
	case reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("want a number, got %s", r.show(text))
		}
		v.SetFloat(f)
		return r.floatBounds(f)
	}
	return fmt.Errorf("cannot hold a plain value (%s)", v.Type())
}

func setString(v reflect.Value, text string, r rules) error {
	if r.required && text == "" {
		return errors.New("must not be empty")
	}
	if len(r.oneOf) > 0 && !slices.Contains(r.oneOf, text) {
		return fmt.Errorf("want one of %s, got %s", strings.Join(r.oneOf, ", "), r.show(text))
	}
	v.SetString(text)
	return nil
}

func setWhole(v reflect.Value, text string, r rules) error {
	if v.CanUint() {
		n, err := strconv.ParseUint(text, 10, v.Type().Bits())
		if err != nil {
			return r.notWhole(text, err, "0", strconv.FormatUint(math.MaxUint64>>(64-v.Type().Bits()), 10))
		}
		v.SetUint(n)
		return r.floatBounds(float64(n))
	}
	n, err := strconv.ParseInt(text, 10, v.Type().Bits())
	if err != nil {
		most := int64(math.MaxInt64 >> (64 - v.Type().Bits()))
		return r.notWhole(text, err, strconv.FormatInt(-most-1, 10), strconv.FormatInt(most, 10))
	}
	v.SetInt(n)
	return r.floatBounds(float64(n))
}

func (r rules) notWhole(text string, err error, least, most string) error {
	if r.min != "" {
		least = r.min
	}
	if r.max != "" {
		most = r.max
	}
	if errors.Is(err, strconv.ErrRange) || strings.HasPrefix(text, "-") {
		return fmt.Errorf("out of range %s to %s", least, most)
	}
	return fmt.Errorf("want a whole number, got %s", r.show(text))
}

func (r rules) floatBounds(f float64) error {
	least, errLeast := strconv.ParseFloat(r.min, 64)
	most, errMost := strconv.ParseFloat(r.max, 64)
	below, above := errLeast == nil && f < least, errMost == nil && f > most
	switch {
	case (below || above) && errLeast == nil && errMost == nil:
		return fmt.Errorf("out of range %s to %s", r.min, r.max)
	case below:
		return fmt.Errorf("must be at least %s", r.min)
	case above:
		return fmt.Errorf("must be at most %s", r.max)
	}
	return nil
}

func (r rules) bounds(dur time.Duration) error {
	least, errLeast := ParseDuration(r.min)
	most, errMost := ParseDuration(r.max)
	switch {
	case errLeast == nil && dur < least:
		return fmt.Errorf("must be at least %s", r.min)
	case errMost == nil && dur > most:
		return fmt.Errorf("must be at most %s", r.max)
	}
	return nil
}

// ParseDuration reads a time.Duration that may begin with whole days: "183d",
// "1d12h". Negative durations are refused.
func ParseDuration(s string) (time.Duration, error) {
	const day = 24 * time.Hour
	var total time.Duration
	if days, rest, ok := strings.Cut(s, "d"); ok {
		n, err := strconv.ParseUint(days, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("days of duration %q: %w", s, err)
		}
		total = time.Duration(n) * day
		if s = rest; s == "" {
			return total, nil
		}
	}
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf("duration: %w", err)
	}
	if d < 0 || total+d < 0 {
		return 0, fmt.Errorf("duration %q: out of range", s)
	}
	return total + d, nil
}

// Wanted is implemented by types with UnmarshalText that can say what they
// want, for example "a rate like 10Gbps".
type Wanted interface{ Wanted() string }

func wanted(t reflect.Type) string {
	if w, ok := reflect.New(t).Interface().(Wanted); ok {
		return w.Wanted()
	}
	switch t.String() {
	case "netip.Addr":
		return "an IP address"
	case "netip.Prefix":
		return "an IP prefix like 192.0.2.1/30"
	case "netip.AddrPort":
		return "an IP address and port"
	case "time.Duration":
		return "a duration like 1h30m or 7d"
	}
	switch t.Kind() { //nolint:exhaustive // the rest are numbers
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "true or false"
	}
	return "a number"
}

func wantedBecause(t reflect.Type, err error) string {
	if _, ok := reflect.New(t).Interface().(Wanted); ok || strings.HasPrefix(t.String(), "netip.") {
		return wanted(t)
	}
	return err.Error()
}

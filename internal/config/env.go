// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"io"
	"reflect"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/s2cd/s2cd/internal/strictyaml"
)

const envPrefix = "S2CD_"

// environment lays variables over a Config and remembers which path came from
// which variable, so that faults name the variable.
type environment struct {
	vars   map[string]string
	from   map[string]string // path: variable
	faults strictyaml.Faults
}

func newEnvironment(environ []string) *environment {
	e := &environment{vars: map[string]string{}, from: map[string]string{}}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		if strings.HasPrefix(name, envPrefix) {
			e.vars[name] = value
		}
	}
	return e
}

// overlay sets every field that has a variable. A variable that names a section
// but no key of it is a fault; others are somebody else's (service links of a
// cluster look like them).
func (e *environment) overlay(cfg *Config) {
	known, sections := map[string]bool{}, map[string]bool{}
	walk(reflect.ValueOf(cfg).Elem(), "", envPrefix, func(l leaf) {
		known[l.variable] = true
		sections[section(l.variable)] = true
		text, given := e.vars[l.variable]
		if !given {
			return
		}
		e.from[l.path] = l.variable
		if err := strictyaml.Set(l.parent, l.index, text); err != nil {
			e.fault(l.path, "%s", err)
		}
	})
	for _, entry := range sortedKeys(e.vars) {
		if !known[entry] && sections[section(entry)] {
			e.faults = append(e.faults, &strictyaml.Fault{File: "environment", Path: entry, Reason: "unknown variable"})
		}
	}
}

// fault reports path if it came from a variable.
func (e *environment) fault(path, format string, args ...any) bool {
	name, ok := e.from[path]
	if ok {
		e.faults = append(e.faults, &strictyaml.Fault{File: "environment", Path: name, Reason: fmt.Sprintf(format, args...)})
	}
	return ok
}

func section(variable string) string {
	first, _, _ := strings.Cut(strings.TrimPrefix(variable, envPrefix), "_")
	return first
}

// leaf is a field that a variable can set.
type leaf struct {
	path, variable string
	parent         reflect.Value
	index          int
}

// walk visits every plain field and list of plain values; lists of mappings
// have no variable.
func walk(v reflect.Value, path, variable string, visit func(leaf)) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		key := f.Tag.Get("yaml")
		l := leaf{path: strings.TrimPrefix(path+"."+key, "."), variable: variable + snake(key), parent: v, index: i}
		switch {
		case f.Type.Kind() == reflect.Struct:
			walk(v.Field(i), l.path, l.variable+"_", visit)
		case f.Type.Kind() == reflect.Slice && f.Type.Elem().Kind() == reflect.Struct && f.Type.Elem().PkgPath() != "net/netip":
		default:
			visit(l)
		}
	}
}

// snake turns rpcTimeout into RPC_TIMEOUT.
func snake(camel string) string {
	var b strings.Builder
	for i, r := range camel {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

// WriteEnv writes the table of all variables: name, path in the file, type and
// default.
func WriteEnv(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 8, 2, ' ', 0)
	lines := []string{"VARIABLE\tIN THE FILE\tTYPE\tDEFAULT"}
	cfg := Default()
	walk(reflect.ValueOf(&cfg).Elem(), "", envPrefix, func(l leaf) {
		f := l.parent.Field(l.index)
		lines = append(lines, fmt.Sprintf("%s\t%s\t%s\t%s", l.variable, l.path, typeName(l.parent.Type().Field(l.index)), defaultText(f)))
	})
	for _, line := range lines {
		if _, err := fmt.Fprintln(tw, line); err != nil {
			return fmt.Errorf("write table: %w", err)
		}
	}
	if err := tw.Flush(); err != nil {
		return fmt.Errorf("write table: %w", err)
	}
	return nil
}

func defaultText(v reflect.Value) string {
	if v.IsZero() && v.Kind() != reflect.Bool {
		return "-"
	}
	return fmt.Sprint(v.Interface())
}

func typeName(f reflect.StructField) string {
	if tag := f.Tag.Get("path"); tag != "" && tag != "unix" {
		return "path"
	}
	switch f.Type.String() {
	case "time.Duration":
		return "duration"
	case "[]netip.Prefix":
		return "prefixes, comma separated"
	case "string":
		return "text"
	case "bool":
		return "true or false"
	}
	return "number"
}

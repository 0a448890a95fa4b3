// SPDX-License-Identifier: Apache-2.0

package config

import (
	"cmp"
	"fmt"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/s2cd/s2cd/internal/strictyaml"
)

// Load reads the file at path and lays the S2CD_ variables of environ
// ("NAME=value") over it. The error is a strictyaml.Faults with everything that
// is wrong, or says why the file cannot be read.
func Load(path string, environ []string) (*Config, error) {
	l, err := load(path, environ)
	if err != nil {
		return nil, err
	}
	if err := l.err(); err != nil {
		return nil, err
	}
	return &l.cfg, nil
}

// Parse is Load for content that is at hand and came from file.
func Parse(file string, data []byte, environ []string) (*Config, error) {
	l := newLoader(file, strictyaml.Parse(file, data), environ)
	if err := l.err(); err != nil {
		return nil, err
	}
	return &l.cfg, nil
}

// loader holds a file on its way to a Config.
type loader struct {
	doc *strictyaml.Doc
	env *environment
	cfg Config
}

func load(path string, environ []string) (*loader, error) {
	doc, err := strictyaml.Read(path)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	return newLoader(path, doc, environ), nil
}

func newLoader(file string, doc *strictyaml.Doc, environ []string) *loader {
	l := &loader{doc: doc, env: newEnvironment(environ), cfg: Default()}
	doc.Decode(&l.cfg)
	l.env.overlay(&l.cfg)
	l.inheritGateways()
	resolvePaths(reflect.ValueOf(&l.cfg).Elem(), filepath.Dir(file))
	if doc.Parsed() { // else everything would be missing
		l.validate()
	}
	return l
}

// fault reports a value at fault where it was given: in the environment or the file.
func (l *loader) fault(path, format string, args ...any) {
	if l.env.fault(path, format, args...) {
		return
	}
	l.doc.Fault(path, format, args...)
}

func (l *loader) err() error {
	var all strictyaml.Faults
	if faults, ok := l.doc.Err().(strictyaml.Faults); ok { //nolint:errorlint // Err returns nothing else
		all = faults
	}
	all = append(all, l.env.faults...)
	if len(all) == 0 {
		return nil
	}
	return all
}

// inheritGateways gives gateways what is only said of devices.
func (l *loader) inheritGateways() {
	g, d := &l.cfg.Gateways, l.cfg.Devices
	g.CA, g.Cert, g.Key = cmp.Or(g.CA, d.CA), cmp.Or(g.Cert, d.Cert), cmp.Or(g.Key, d.Key)
	g.Defaults.RPCTimeout = cmp.Or(g.Defaults.RPCTimeout, d.Defaults.RPCTimeout)
}

// resolvePaths makes every field with a path tag start at folder, unless it is
// absolute. A tag "unix" is a path only after that prefix.
func resolvePaths(v reflect.Value, folder string) {
	switch v.Kind() { //nolint:exhaustive // only these hold fields
	case reflect.Struct:
		for i := range v.NumField() {
			f, tag := v.Field(i), v.Type().Field(i).Tag.Get("path")
			switch {
			case !f.CanSet():
			case tag == "":
				resolvePaths(f, folder)
			case tag == "unix":
				if p, ok := strings.CutPrefix(f.String(), "unix:"); ok {
					f.SetString("unix:" + under(folder, p))
				}
			default:
				f.SetString(under(folder, f.String()))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			resolvePaths(v.Index(i), folder)
		}
	}
}

func under(folder, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

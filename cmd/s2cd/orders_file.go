// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/s2cd/s2cd/internal/strictyaml"
)

// fileOrder is an order that could come, as a file gives it.
type fileOrder struct {
	Name       string        `yaml:"name"`
	From       string        `yaml:"from" check:"required"`
	To         string        `yaml:"to" check:"required"`
	SecondFrom string        `yaml:"secondFrom"`
	SecondTo   string        `yaml:"secondTo"`
	Bandwidth  fileRates     `yaml:"bandwidth" check:"required"`
	Latency    time.Duration `yaml:"latency" check:"min=1us,max=1h"`
	Start      fileTime      `yaml:"start"`
	Duration   time.Duration `yaml:"duration" check:"min=1s,max=20000d"`
	SLA        string        `yaml:"sla" check:"required"`
	Protected  bool          `yaml:"protected"`
}

// fileRates are rates there and back, kbit/s.
type fileRates [2]uint64

// UnmarshalText reads "100Mbps" and "100Mbps/20Mbps".
func (r *fileRates) UnmarshalText(text []byte) error {
	kbps, err := parseRates(string(text))
	*r = kbps
	return err
}

// Wanted says what UnmarshalText takes.
func (*fileRates) Wanted() string { return "a rate like 100Mbps, or 100Mbps/20Mbps there and back" }

// fileTime is a moment.
type fileTime struct{ time.Time }

// UnmarshalText reads RFC 3339.
func (t *fileTime) UnmarshalText(text []byte) (err error) {
	if t.Time, err = time.Parse(time.RFC3339, string(text)); err != nil {
		return fmt.Errorf("time: %w", err)
	}
	return nil
}

// Wanted says what UnmarshalText takes.
func (*fileTime) Wanted() string { return "a time like 2030-01-02T03:04:05Z" }

// readOrders reads orders that could come: a list of objects in JSON, or CSV whose
// first line names the columns. The error says everything that is wrong, with line
// and field.
func readOrders(path string) ([]fileOrder, error) {
	data, err := os.ReadFile(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("orders: %w", err)
	}
	return parseOrders(path, data)
}

// parseOrders is readOrders for what came from a file.
func parseOrders(file string, data []byte) ([]fileOrder, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // spreadsheets begin files with it
	r := ordersReader{file: file}
	if text := bytes.TrimSpace(data); len(text) > 0 && text[0] == '[' {
		r.json(data)
	} else {
		r.csv(data)
	}
	if len(r.faults) == 0 && len(r.orders) == 0 {
		r.fault(1, 1, "", "holds no order")
	}
	if len(r.faults) > 0 {
		return nil, r.faults
	}
	return r.orders, nil
}

// ordersReader is what was read of a file.
type ordersReader struct {
	file   string
	orders []fileOrder
	faults strictyaml.Faults
}

func (r *ordersReader) fault(line, column int, field, reason string) {
	r.faults = append(r.faults, &strictyaml.Fault{File: r.file, Line: line, Column: column, Path: field, Reason: reason})
}

// json reads a list. JSON is YAML too.
func (r *ordersReader) json(data []byte) {
	doc := strictyaml.Parse(r.file, data)
	doc.Decode(&r.orders)
	for i := range r.orders {
		at := fmt.Sprintf("[%d]", i)
		if field, reason := r.orders[i].pairing(); field != "" {
			doc.Fault(at+"."+field, "%s", reason)
		}
		r.orders[i].settle(doc.Line(at))
	}
	_ = errors.As(doc.Err(), &r.faults)
}

// csv reads a table.
func (r *ordersReader) csv(data []byte) {
	table := csv.NewReader(bytes.NewReader(data))
	table.TrimLeadingSpace = true
	var columns []int // the fields of an order that they give
	for {
		row, err := table.Read()
		var syntax *csv.ParseError
		switch {
		case errors.Is(err, io.EOF):
			return
		case errors.As(err, &syntax):
			r.fault(syntax.Line, syntax.Column, "", syntax.Err.Error())
			return
		case err != nil:
			r.fault(0, 0, "", err.Error())
			return
		case columns == nil:
			if columns = r.header(table, row); len(r.faults) > 0 {
				return
			}
		default:
			r.row(table, columns, row)
		}
	}
}

// header returns which fields the columns are.
func (r *ordersReader) header(table *csv.Reader, row []string) []int {
	of := reflect.TypeFor[fileOrder]()
	var known, required []string
	for i := range of.NumField() {
		name := of.Field(i).Tag.Get("yaml")
		if known = append(known, name); of.Field(i).Tag.Get("check") == "required" {
			required = append(required, name)
		}
	}
	columns := make([]int, len(row))
	for i, name := range row {
		line, column := table.FieldPos(i)
		switch columns[i] = slices.Index(known, name); {
		case columns[i] < 0:
			r.fault(line, column, name, "unknown column, allowed: "+strings.Join(known, ", "))
		case slices.Contains(row[:i], name):
			r.fault(line, column, name, "this column is there twice")
		}
	}
	for _, name := range required {
		if !slices.Contains(row, name) {
			r.fault(1, 1, name, "this column is missing")
		}
	}
	return columns
}

// row reads one order. Empty cells are as columns that are not there.
func (r *ordersReader) row(table *csv.Reader, columns []int, row []string) {
	var o fileOrder
	first, _ := table.FieldPos(0)
	for i, text := range row {
		line, column := table.FieldPos(i)
		field := reflect.TypeFor[fileOrder]().Field(columns[i])
		switch {
		case text != "":
			if err := strictyaml.Set(reflect.ValueOf(&o).Elem(), columns[i], text); err != nil {
				r.fault(line, column, field.Tag.Get("yaml"), err.Error())
			}
		case field.Tag.Get("check") == "required":
			r.fault(line, column, field.Tag.Get("yaml"), "must not be empty")
		}
	}
	if field, reason := o.pairing(); field != "" {
		r.fault(first, 1, field, reason)
	}
	o.settle(first)
	r.orders = append(r.orders, o)
}

// pairing says which field does not go with protected; "": all do.
func (o *fileOrder) pairing() (field, reason string) {
	switch {
	case o.Protected && o.SecondFrom == "":
		return "secondFrom", "missing: a protected order has second ends"
	case o.Protected && o.SecondTo == "":
		return "secondTo", "missing: a protected order has second ends"
	case !o.Protected && o.SecondFrom != "":
		return "secondFrom", "is for protected orders"
	case !o.Protected && o.SecondTo != "":
		return "secondTo", "is for protected orders"
	}
	return "", ""
}

// settle gives an order without a name one.
func (o *fileOrder) settle(line int) {
	if o.Name == "" {
		o.Name = fmt.Sprintf("line %d", line)
	}
}

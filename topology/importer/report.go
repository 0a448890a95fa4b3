// SPDX-License-Identifier: Apache-2.0

package importer

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

const (
	maxFaults = 20 // that an error names; the rest are counted
	maxNamed  = 5  // objects that a note names
)

// Fault is one thing that is wrong with a description.
type Fault struct {
	Line   int // from 1; 0: not at a place in the file
	Column int // from 1, in bytes; 0: the line is all that is known
	Reason string
}

// Error renders the fault as "line 3, column 5: reason".
func (f *Fault) Error() string {
	switch {
	case f.Line == 0:
		return f.Reason
	case f.Column == 0:
		return fmt.Sprintf("line %d: %s", f.Line, f.Reason)
	}
	return fmt.Sprintf("line %d, column %d: %s", f.Line, f.Column, f.Reason)
}

// Note tells what was assumed or passed over.
type Note struct {
	Line    int      // of the first object, from 1; 0: not at a place in the file
	Text    string   // what was done
	Objects []string // the first five that it was done to
	Count   int      // of all that it was done to
}

// String renders the note as "line 3: text: a, b and 7 more".
func (n Note) String() string {
	var b strings.Builder
	if n.Line > 0 {
		fmt.Fprintf(&b, "line %d: ", n.Line)
	}
	b.WriteString(n.Text)
	if len(n.Objects) > 0 {
		b.WriteString(": " + strings.Join(n.Objects, ", "))
	}
	if more := n.Count - len(n.Objects); more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String()
}

// report gathers the faults and notes of one description.
type report struct {
	faults []error
	more   int // faults that are only counted
	notes  []Note
	byText map[string]int // index in notes
	last   []string       // object of each note
}

func (r *report) fault(line, column int, format string, args ...any) {
	if len(r.faults) == maxFaults {
		r.more++
		return
	}
	r.faults = append(r.faults, &Fault{Line: line, Column: column, Reason: fmt.Sprintf(format, args...)})
}

// note says text of an object; what is said of many becomes one note. Said of
// both directions of a link, one after the other, it counts once.
func (r *report) note(line int, text, object string) {
	if r.byText == nil {
		r.byText = map[string]int{}
	}
	i, ok := r.byText[text]
	if !ok {
		i = len(r.notes)
		r.byText[text] = i
		r.notes = append(r.notes, Note{Line: line, Text: text})
		r.last = append(r.last, "")
	}
	n := &r.notes[i]
	if object == r.last[i] {
		return
	}
	r.last[i] = object
	n.Count++
	if len(n.Objects) < maxNamed {
		n.Objects = append(n.Objects, object)
	}
}

func (r *report) failed() bool { return len(r.faults) > 0 }

// err joins the faults, nil without one.
func (r *report) err() error {
	all := slices.Clone(r.faults)
	if r.more > 0 {
		all = append(all, &Fault{Reason: fmt.Sprintf("and %d more faults", r.more)})
	}
	return errors.Join(all...)
}

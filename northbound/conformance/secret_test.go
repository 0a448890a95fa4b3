// SPDX-License-Identifier: Apache-2.0

package conformance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/cucumber/godog"
)

func (w *world) secretSteps(sc *godog.ScenarioContext) {
	sc.Then(`^the answer's session is the scenario's$`, w.takeSession)
	sc.Then(`^(".+") is in no answer, event, log line or file of the provider$`, w.toldNobody)
}

func (w *world) takeSession() (err error) {
	w.session, err = w.answer.text("sessionId")
	return err
}

// toldNobody looks for a secret, as it is and as JSON has it, in all that the
// scenario was told, and in all that the daemon has written.
func (w *world) toldNobody(quoted string) error {
	var secret string
	if err := json.Unmarshal([]byte(quoted), &secret); err != nil {
		return err
	}
	w.sink.mu.Lock()
	places := map[string][][]byte{"an answer": w.heard, "an event": w.sink.paths[w.sinkID].raw}
	w.sink.mu.Unlock()
	for _, line := range w.daemon.log.with("") {
		places["the log"] = append(places["the log"], []byte(line))
	}
	err := filepath.WalkDir(w.daemon.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		body, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) { // it was for a moment
			return nil
		}
		places[path] = append(places[path], body)
		return err
	})
	if err != nil {
		return err
	}
	for _, needed := range []string{"an answer", "an event", "the log", filepath.Join(w.daemon.dir, "s2cd.db")} {
		if len(places[needed]) == 0 {
			return fmt.Errorf("nothing was looked at in %s", needed)
		}
	}
	for place, texts := range places {
		for _, text := range texts {
			if bytes.Contains(text, []byte(secret)) || bytes.Contains(text, []byte(quoted[1:len(quoted)-1])) {
				return fmt.Errorf("%q is in %s", secret, place)
			}
		}
	}
	return nil
}

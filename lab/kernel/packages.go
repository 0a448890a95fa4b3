// SPDX-License-Identifier: Apache-2.0

package kernel

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// What is fetched: the routers always, the user-mode kernel where it is
// needed. Whatever the machine has already is used as it is.
var (
	labPackages = []string{"frr", "iproute2", "iputils-ping", "wireguard-tools"}
	umlPackages = []string{"user-mode-linux"}
)

// programs tells by a file whether a package is on the machine.
var programs = map[string]string{
	"frr": "/usr/lib/frr/zebra", "iproute2": "/sbin/ip", "iputils-ping": "/bin/ping", "wireguard-tools": "/usr/bin/wg", "user-mode-linux": "/usr/bin/linux.uml",
}

// Preflight says at once what is missing to run a lab here.
func Preflight() error {
	var errs []error
	if os.Geteuid() != 0 {
		errs = append(errs, errors.New("root is needed (namespaces and mounts): run as root or with sudo"))
	}
	release, err := os.ReadFile("/etc/os-release")
	if err != nil || !isDebian(string(release)) {
		errs = append(errs, errors.New("the distribution has to be Debian or Ubuntu: the lab's routers are taken from its packages"))
	}
	for _, p := range []string{"apt-get", "dpkg"} {
		if _, err := exec.LookPath(p); err != nil {
			errs = append(errs, fmt.Errorf("%s is missing", p))
		}
	}
	return errors.Join(errs...)
}

func isDebian(release string) bool {
	for line := range strings.Lines(release) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		value = strings.Trim(value, `"`)
		if (key == "ID" || key == "ID_LIKE") && slices.ContainsFunc(strings.Fields(value), func(s string) bool { return s == "debian" || s == "ubuntu" }) {
			return true
		}
	}
	return false
}

// Packages downloads what the lab needs and unpacks it into dir: root is laid
// over the lab's root, uml has the user-mode kernel. Nothing is installed,
// configured or started on the machine. What is there already is kept.
func Packages(ctx context.Context, dir string, uml bool, log io.Writer) error {
	if err := Preflight(); err != nil {
		return err
	}
	sets := map[string][]string{"root": labPackages}
	if uml {
		sets["uml"] = umlPackages
	}
	for _, name := range []string{"root", "uml"} {
		if err := fetch(ctx, dir, name, sets[name], log); err != nil {
			return fmt.Errorf("packages %s: %w", name, err)
		}
	}
	return nil
}

// fetch fills dir/name, which appears only when it is complete.
func fetch(ctx context.Context, dir, name string, packages []string, log io.Writer) error {
	want := missing(packages)
	into := filepath.Join(dir, name)
	stamp, stampFile := strings.Join(want, " "), filepath.Join(dir, name+".stamp")
	if have, err := os.ReadFile(stampFile); err == nil && string(have) == stamp || len(packages) == 0 {
		return nil
	}
	tmp := into + ".new"
	debs := filepath.Join(dir, name+".debs")
	for _, d := range []string{tmp, into} {
		if err := os.RemoveAll(d); err != nil {
			return fmt.Errorf("clear: %w", err)
		}
	}
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	if err := download(ctx, debs, want, log); err != nil {
		return err
	}
	if err := unpack(ctx, debs, tmp); err != nil {
		return err
	}
	if err := os.RemoveAll(debs); err != nil {
		return fmt.Errorf("clear downloads: %w", err)
	}
	if err := os.Rename(tmp, into); err != nil {
		return fmt.Errorf("put in place: %w", err)
	}
	return os.WriteFile(stampFile, []byte(stamp), 0o644)
}

func missing(packages []string) []string {
	var out []string
	for _, p := range packages {
		if _, err := os.Stat(programs[p]); err != nil {
			out = append(out, p)
		}
	}
	return out
}

func download(ctx context.Context, debs string, packages []string, log io.Writer) error {
	if len(packages) == 0 {
		return nil
	}
	if err := os.MkdirAll(filepath.Join(debs, "partial"), 0o755); err != nil {
		return fmt.Errorf("make folder for downloads: %w", err)
	}
	get := func() error {
		args := append([]string{
			"install", "--download-only", "--yes", "--no-install-recommends", "-q",
			"-o", "Dir::Cache::archives=" + debs, "-o", "APT::Sandbox::User=root",
		}, packages...)
		return command(ctx, log, "apt-get", args...)
	}
	err := get()
	if err == nil {
		return nil
	}
	// A fresh machine has no package lists, an old one outdated ones.
	_, _ = fmt.Fprintln(log, "fetching package lists")
	if updateErr := command(ctx, log, "apt-get", "update", "-q"); updateErr != nil {
		return errors.Join(err, updateErr)
	}
	return get()
}

func unpack(ctx context.Context, debs, into string) error {
	files, err := filepath.Glob(filepath.Join(debs, "*.deb"))
	if err != nil {
		return fmt.Errorf("list downloads: %w", err)
	}
	for _, f := range files {
		if err := command(ctx, io.Discard, "dpkg", "-x", f, into); err != nil {
			return fmt.Errorf("unpack %s: %w", filepath.Base(f), err)
		}
	}
	// Where /bin is a link to /usr/bin a package's own /bin would hide it.
	for _, d := range []string{"bin", "sbin", "lib", "lib64"} {
		if target, err := os.Readlink("/" + d); err != nil || target == "" {
			continue
		}
		if err := merge(filepath.Join(into, d), filepath.Join(into, "usr", d)); err != nil {
			return fmt.Errorf("merge /%s into /usr: %w", d, err)
		}
	}
	for _, d := range []string{"usr/share/doc", "usr/share/man", "usr/share/locale"} {
		if err := os.RemoveAll(filepath.Join(into, d)); err != nil {
			return fmt.Errorf("trim %s: %w", d, err)
		}
	}
	return nil
}

// merge moves the tree from into to.
func merge(from, to string) error {
	entries, err := os.ReadDir(from)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return err
	}
	for _, e := range entries {
		src, dst := filepath.Join(from, e.Name()), filepath.Join(to, e.Name())
		if info, err := os.Lstat(dst); err == nil && info.IsDir() && e.IsDir() {
			if err := merge(src, dst); err != nil {
				return err
			}
			continue
		}
		if err := os.Rename(src, dst); err != nil {
			return err
		}
	}
	return os.RemoveAll(from)
}

func command(ctx context.Context, log io.Writer, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive", "LC_ALL=C")
	var last strings.Builder
	cmd.Stdout, cmd.Stderr = log, io.MultiWriter(log, &last)
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, args[0], err, strings.TrimSpace(last.String()))
	}
	return nil
}

// A Go program for GOOS=wasip1: goroutines, maps in random order, time, random numbers, files and the garbage collector.
// Lines of standard output are equal in every run; what depends on time and chance goes to standard error.
package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"
)

type account struct {
	Name    string  `json:"name"`
	Balance float64 `json:"balance"`
}

func hashes(n int) string {
	sum := sha256.Sum256([]byte("primary"))
	for i := 0; i < n; i++ {
		sum = sha256.Sum256(sum[:])
	}
	return fmt.Sprintf("%x", sum[:8])
}

func workers(n int) int {
	var wait sync.WaitGroup
	results := make(chan int, n)
	for i := 0; i < n; i++ {
		wait.Add(1)
		go func() {
			defer wait.Done()
			results <- i * i
		}()
	}
	wait.Wait()
	close(results)
	total := 0
	for result := range results {
		total += result
	}
	return total
}

func accounts(n int) string {
	byName := map[string]*account{}
	for i := 0; i < n; i++ {
		name := fmt.Sprintf("account-%03d", i%97)
		if byName[name] == nil {
			byName[name] = &account{Name: name}
		}
		byName[name].Balance += float64(i) / 4
	}
	order := []string{}
	for name := range byName {
		order = append(order, name)
	}
	fmt.Fprintln(os.Stderr, "map order:", strings.Join(order[:3], " "))
	sort.Strings(order)
	text, err := json.Marshal(byName[order[13]])
	if err != nil {
		panic(err)
	}
	return string(text)
}

func file(path string) string {
	if err := os.WriteFile(path, []byte("written by Go\n"), 0o644); err != nil {
		return err.Error()
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	return strings.TrimSpace(string(text))
}

func main() {
	start := time.Now()
	fmt.Println("hashes", hashes(2000))
	fmt.Println("workers", workers(100))
	fmt.Println("accounts", accounts(5000))
	if len(os.Args) > 1 {
		fmt.Println("file", file(os.Args[1]))
	}
	time.Sleep(3 * time.Millisecond)
	fmt.Println("slept", time.Since(start) >= 3*time.Millisecond)
	key := make([]byte, 8)
	if _, err := rand.Read(key); err != nil {
		panic(err)
	}
	fmt.Fprintf(os.Stderr, "%x %s\n", key, time.Now().UTC())
}

// Runs generations as jobs of River.
//
// Environment: PEER_DATABASE is the URL of the database, PEER_STUB the URL of the AI call, PEER_CONCURRENCY the number of
// concurrent calls, PEER_IMAGES the directory of the images; PEER_BATCHES=true leaves the completion of jobs to River, which
// completes them in batches.
package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

const (
	connections = 20
	insertSQL   = `INSERT INTO peer_generations
		(user_id, prompt, negative_prompt, width, height, image_count, seed, model, metadata)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id`
	completeSQL = `UPDATE peer_generations SET status = 'COMPLETE', attempts = attempts + 1, attempt_started_at = $2, image = $3,
		image_bytes = $4, completed_at = clock_timestamp() WHERE id = $1`
)

var (
	stub        = os.Getenv("PEER_STUB")
	images      = os.Getenv("PEER_IMAGES")
	batches     = os.Getenv("PEER_BATCHES") == "true"
	requestBody = []byte(`{"prompt":"a lighthouse","n":1,"size":"64x64","response_format":"b64_json"}`)
)

type generateArgs struct {
	ID string `json:"id"`
}

func (generateArgs) Kind() string { return "generate" }

type generateWorker struct {
	river.WorkerDefaults[generateArgs]
	pool   *pgxpool.Pool
	client *http.Client
}

// Work completes the job in the transaction that records the outcome, unless River completes jobs in batches.
func (w *generateWorker) Work(ctx context.Context, job *river.Job[generateArgs]) error {
	startedAt := time.Now()
	image, err := w.requestImage(ctx)
	if err != nil {
		return err
	}
	path, err := storeImage(job.Args.ID, image)
	if err != nil {
		return err
	}
	if batches {
		_, err = w.pool.Exec(ctx, completeSQL, job.Args.ID, startedAt, path, len(image))
		return err
	}
	tx, err := w.pool.Begin(ctx)
	if err != nil {
		return err
	}
	defer tx.Rollback(ctx)
	if _, err = tx.Exec(ctx, completeSQL, job.Args.ID, startedAt, path, len(image)); err != nil {
		return err
	}
	if _, err = river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job); err != nil {
		return err
	}
	return tx.Commit(ctx)
}

func (w *generateWorker) requestImage(ctx context.Context) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, stub, bytes.NewReader(requestBody))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var parsed struct {
		Data []struct {
			B64 string `json:"b64_json"`
		} `json:"data"`
	}
	if err = json.Unmarshal(body, &parsed); err != nil {
		return nil, err
	}
	return base64.StdEncoding.DecodeString(parsed.Data[0].B64)
}

// storeImage stores an image like Darkroom: writes a temporary file, syncs and renames it, and syncs the directory.
func storeImage(id string, image []byte) (string, error) {
	temporary := filepath.Join(images, "temporary", id)
	directory := filepath.Join(images, id[len(id)-2:])
	if err := os.MkdirAll(directory, 0o755); err != nil {
		return "", err
	}
	file, err := os.Create(temporary)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if _, err = file.Write(image); err != nil {
		return "", err
	}
	if err = file.Sync(); err != nil {
		return "", err
	}
	path := filepath.Join(directory, id)
	if err = os.Rename(temporary, path); err != nil {
		return "", err
	}
	entries, err := os.Open(directory)
	if err != nil {
		return "", err
	}
	defer entries.Close()
	return path, entries.Sync()
}

type generation struct {
	Prompt         string          `json:"prompt"`
	NegativePrompt *string         `json:"negativePrompt"`
	Width          int             `json:"width"`
	Height         int             `json:"height"`
	Count          int             `json:"count"`
	Seed           *int64          `json:"seed"`
	Model          *string         `json:"model"`
	Metadata       json.RawMessage `json:"metadata"`
}

// accept stores the generation and its job in one transaction.
func accept(ctx context.Context, pool *pgxpool.Pool, client *river.Client[pgx.Tx], g generation) (string, error) {
	tx, err := pool.Begin(ctx)
	if err != nil {
		return "", err
	}
	defer tx.Rollback(ctx)
	var id string
	err = tx.QueryRow(ctx, insertSQL, "local", g.Prompt, g.NegativePrompt, g.Width, g.Height, g.Count, g.Seed, g.Model,
		g.Metadata).Scan(&id)
	if err != nil {
		return "", err
	}
	if _, err = client.InsertTx(ctx, tx, generateArgs{ID: id}, nil); err != nil {
		return "", err
	}
	return id, tx.Commit(ctx)
}

func main() {
	ctx := context.Background()
	concurrency, err := strconv.Atoi(os.Getenv("PEER_CONCURRENCY"))
	check(err)
	config, err := pgxpool.ParseConfig(os.Getenv("PEER_DATABASE"))
	check(err)
	config.MaxConns = connections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	check(err)
	driver := riverpgxv5.New(pool)
	migrator, err := rivermigrate.New(driver, nil)
	check(err)
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	check(err)
	check(os.MkdirAll(filepath.Join(images, "temporary"), 0o755))

	workers := river.NewWorkers()
	transport := &http.Transport{MaxIdleConnsPerHost: concurrency, MaxConnsPerHost: concurrency}
	river.AddWorker(workers, &generateWorker{pool: pool, client: &http.Client{Transport: transport}})
	client, err := river.NewClient(driver, &river.Config{
		// The values of River's own benchmark (cmd/river, "river bench").
		FetchCooldown:     2 * time.Millisecond,
		FetchPollInterval: 20 * time.Millisecond,
		Queues:            map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: concurrency}},
		Workers:           workers,
	})
	check(err)
	check(client.Start(ctx))

	http.HandleFunc("POST /api/generation", func(response http.ResponseWriter, request *http.Request) {
		var g generation
		if err := json.NewDecoder(request.Body).Decode(&g); err != nil {
			http.Error(response, err.Error(), http.StatusBadRequest)
			return
		}
		id, err := accept(request.Context(), pool, client, g)
		if err != nil {
			http.Error(response, err.Error(), http.StatusInternalServerError)
			return
		}
		response.Header().Set("Content-Type", "application/json")
		response.WriteHeader(http.StatusAccepted)
		fmt.Fprintf(response, `{"id":"%s","status":"PENDING"}`, id)
	})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	check(err)
	fmt.Printf("port %d\nready\n", listener.Addr().(*net.TCPAddr).Port)
	check(http.Serve(listener, nil))
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

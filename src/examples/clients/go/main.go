// Command client uses the Go client that openapi-generator generates from openapi.yaml.
package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"strings"

	"darkroom.dev/clients/darkroom"
)

func main() {
	configuration := darkroom.NewConfiguration()
	configuration.Servers = darkroom.ServerConfigurations{{URL: environment("API", "http://127.0.0.1:8080")}}
	client := darkroom.NewAPIClient(configuration)
	ctx := context.Background()
	if key := os.Getenv("KEY"); key != "" {
		ctx = context.WithValue(ctx, darkroom.ContextAccessToken, key)
	}

	// Create a generation, read it, and cancel it.
	cancelled, _, err := client.GenerationsAPI.CreateGeneration(ctx).
		GenerationRequest(*darkroom.NewGenerationRequest("A boat, cancelled")).Execute()
	check(err)
	fmt.Println("created", cancelled.Status)
	cancelled, _, err = client.GenerationsAPI.GetGeneration(ctx, cancelled.Id).Execute()
	check(err)
	fmt.Println("got", cancelled.Status)
	_, _, err = client.GenerationsAPI.CancelGeneration(ctx, cancelled.Id).Execute()
	check(err)
	cancelled, _, err = client.GenerationsAPI.GetGeneration(ctx, cancelled.Id).Execute()
	check(err)
	fmt.Println("got", cancelled.Status, cancelled.Error.Code, cancelled.Error.ErrorClass)

	// Create a generation. Repeating the request with the same key does not create another one.
	request := darkroom.NewGenerationRequest("A lighthouse at dusk")
	request.SetMetadata(map[string]string{"project": "harbour"})
	idempotencyKey := rand.Text()
	created, _, err := client.GenerationsAPI.CreateGeneration(ctx).
		GenerationRequest(*request).IdempotencyKey(idempotencyKey).Execute()
	check(err)
	repeated, _, err := client.GenerationsAPI.CreateGeneration(ctx).
		GenerationRequest(*request).IdempotencyKey(idempotencyKey).Execute()
	check(err)
	fmt.Println("repeated", repeated.Id == created.Id)

	// Wait for its end.
	ended := created
	for ended.Status == darkroom.PENDING {
		ended, _, err = client.GenerationsAPI.GetGeneration(ctx, created.Id).Prefer("wait=10").Execute()
		check(err)
	}
	fmt.Println("got", ended.Status, "images", len(ended.Images), "attempts", len(ended.Attempts),
		"project", ended.Metadata["project"])

	// Read the list to its last page.
	listed := 0
	list := client.GenerationsAPI.ListGenerations(ctx).Limit(1)
	for {
		page, _, err := list.Execute()
		check(err)
		listed += len(page.Items)
		if page.NextCursor == nil {
			break
		}
		list = list.Cursor(*page.NextCursor)
	}
	fmt.Println("listed generations", listed)

	// An invalid request is rejected with a problem document that names the fields.
	invalid := darkroom.NewGenerationRequest("A boat")
	invalid.SetModel("no-such-model")
	_, response, err := client.GenerationsAPI.CreateGeneration(ctx).GenerationRequest(*invalid).Execute()
	var rejected *darkroom.GenericOpenAPIError
	if errors.As(err, &rejected) {
		var problem darkroom.Problem
		check(json.Unmarshal(rejected.Body(), &problem))
		fmt.Println("rejected", response.StatusCode, problem.Errors[0].Pointer)
	}

	// Read the notifications.
	listed = 0
	notifications := client.NotificationsAPI.ListNotifications(ctx).Limit(1)
	for {
		page, _, err := notifications.Execute()
		check(err)
		listed += len(page.Items)
		if page.NextCursor == nil {
			break
		}
		notifications = notifications.Cursor(*page.NextCursor)
	}
	fmt.Println("listed notifications", listed)

	// Create a webhook, update it, and delete it.
	webhook, _, err := client.WebhooksAPI.CreateWebhook(ctx).
		WebhookRequest(*darkroom.NewWebhookRequest(environment("HOOK", "https://example.com/darkroom"))).Execute()
	check(err)
	update := darkroom.NewWebhookUpdate()
	update.SetDescription("The shop")
	updated, _, err := client.WebhooksAPI.UpdateWebhook(ctx, webhook.Id).WebhookUpdate(*update).Execute()
	check(err)
	fmt.Println("webhook secret", strings.HasPrefix(webhook.Secret, "whsec_"), "enabled", updated.Enabled,
		"description", updated.GetDescription())
	_, err = client.WebhooksAPI.DeleteWebhook(ctx, webhook.Id).Execute()
	check(err)
}

func environment(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

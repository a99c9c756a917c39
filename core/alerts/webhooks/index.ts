export { isPublic, type WebhookAddresses } from './addresses';
export { forgetDeliveries, webhookQueue } from './queue';
export { signedHeaders } from './signature';
export { createWebhook, deleteWebhook, getWebhook, listDeliveries, listWebhooks, redeliver } from './webhooks';

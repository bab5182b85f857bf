import django.core.validators
import django.db.models.deletion
import liveblog.models.media
import liveblog.models.partner
import newsroom.http.addresses
import newsroom.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    # Databases from before the first release have these.
    replaces = [
        ('liveblog', '0001_initial'),
        ('liveblog', '0002_editions'),
        ('liveblog', '0005_desk_and_partners'),
        ('liveblog', '0007_presence'),
        ('liveblog', '0008_audience_and_teams'),
        ('liveblog', '0009_webhook_places'),
        ('liveblog', '0010_change_actor'),
        ('liveblog', '0011_actors_of_earlier_changes'),
        ('liveblog', '0012_image_as_plain_file'),
        ('liveblog', '0013_public_ids'),
        ('liveblog', '0014_submission_actor'),
        ('liveblog', '0015_submission_per_partner'),
        ('liveblog', '0016_tag_languages'),
        ('liveblog', '0017_placed_bylines'),
        ('liveblog', '0018_move_bylines'),
        ('liveblog', '0019_bylines_of_updates'),
        ('liveblog', '0020_pings_and_feed_times'),
    ]

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Byline',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True, verbose_name='name')),
                ('role', models.CharField(blank=True, help_text='For example: in Geneva.', max_length=120, verbose_name='role')),
            ],
            options={
                'verbose_name': 'byline',
                'verbose_name_plural': 'bylines',
                'ordering': ['name', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Topic',
            fields=[
                ('id', newsroom.ids.PublicIdField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=80, unique=True, verbose_name='slug')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
            ],
            options={
                'verbose_name': 'topic',
                'verbose_name_plural': 'topics',
                'ordering': ['name', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Glossary',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('revision', models.PositiveIntegerField(default=0)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='one_glossary')],
            },
        ),
        migrations.CreateModel(
            name='GlossaryTerm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('traditional', models.CharField(max_length=80, unique=True, verbose_name='in Traditional')),
                ('simplified', models.CharField(max_length=80, unique=True, verbose_name='in Simplified')),
                ('note', models.CharField(blank=True, help_text='For internal use only.', max_length=200, verbose_name='note')),
            ],
            options={
                'verbose_name': 'glossary term',
                'verbose_name_plural': 'glossary',
                'ordering': ['traditional'],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('traditional', ''), _negated=True), models.Q(('simplified', ''), _negated=True)), name='term_is_whole')],
            },
        ),
        migrations.CreateModel(
            name='Image',
            fields=[
                ('id', newsroom.ids.PublicIdField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(default=liveblog.models.media.new_key, editable=False, max_length=16, unique=True)),
                ('file', models.FileField(max_length=255, upload_to=liveblog.models.media.original_path, verbose_name='file')),
                ('width', models.PositiveIntegerField(editable=False, verbose_name='width')),
                ('height', models.PositiveIntegerField(editable=False, verbose_name='height')),
                ('alt', models.CharField(help_text='What the picture shows, for readers who do not see it.', max_length=300, verbose_name='text alternative')),
                ('caption', models.CharField(blank=True, max_length=300, verbose_name='caption')),
                ('credit', models.CharField(blank=True, max_length=120, verbose_name='credit')),
                ('focal_column', models.PositiveSmallIntegerField(default=2, help_text='0 to 4', validators=[django.core.validators.MaxValueValidator(4)], verbose_name='focal point, from the left')),
                ('focal_row', models.PositiveSmallIntegerField(default=2, help_text='0 to 4', validators=[django.core.validators.MaxValueValidator(4)], verbose_name='focal point, from the top')),
                ('is_sensitive', models.BooleanField(default=False, help_text='Covered on pages until a reader asks to see it.', verbose_name='sensitive')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'picture',
                'verbose_name_plural': 'pictures',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='LiveBlog',
            fields=[
                ('id', newsroom.ids.PublicIdField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(help_text="The page's address. It cannot change after first publication.", max_length=120, unique=True, verbose_name='slug')),
                ('language', models.CharField(choices=[('zh-hant', 'Traditional Chinese'), ('zh-hans', 'Simplified Chinese'), ('en', 'English')], default='zh-hant', max_length=7, verbose_name='language')),
                ('kicker', models.CharField(blank=True, max_length=80, verbose_name='kicker')),
                ('headline', models.CharField(max_length=250, verbose_name='headline')),
                ('standfirst', models.TextField(blank=True, help_text='Plain text; each line is a paragraph.', verbose_name='standfirst')),
                ('summary', models.TextField(blank=True, verbose_name='what we know')),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('live', 'Live'), ('ended', 'Ended'), ('withdrawn', 'Withdrawn')], default='draft', max_length=9, verbose_name='status')),
                ('coverage_start_at', models.DateTimeField(blank=True, null=True, verbose_name='coverage starts')),
                ('coverage_end_at', models.DateTimeField(blank=True, help_text='While coverage runs: its planned end.', null=True, verbose_name='coverage ends')),
                ('embargo_until_at', models.DateTimeField(blank=True, null=True, verbose_name='embargo until')),
                ('has_responses', models.BooleanField(default=False, help_text='Approved responses stand at the end of the page.', verbose_name='readers may respond')),
                ('number', models.PositiveIntegerField(default=0, editable=False, verbose_name='number')),
                ('first_published_at', models.DateTimeField(editable=False, null=True, verbose_name='first published')),
                ('modified_at', models.DateTimeField(editable=False, null=True, verbose_name='last changed')),
                ('feed_updated_at', models.DateTimeField(editable=False, help_text='When something last changed that feeds print.', null=True)),
                ('imported_hash', models.CharField(blank=True, editable=False, help_text='SHA-256 of the head of the running copy that it came from; empty when written here.', max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('bylines', models.ManyToManyField(blank=True, related_name='blogs', to='liveblog.byline', verbose_name='bylines')),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('hero_image', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='hero_of', to='liveblog.image', verbose_name='hero picture')),
                ('successor', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='predecessor', to='liveblog.liveblog', verbose_name='continued in')),
                ('team', models.ManyToManyField(blank=True, help_text='Staff who may work on it. Leave empty for everybody, within their roles.', limit_choices_to={'is_active': True, 'is_staff': True}, related_name='team_blogs', to=settings.AUTH_USER_MODEL, verbose_name='team')),
                ('topics', models.ManyToManyField(blank=True, related_name='blogs', to='liveblog.topic', verbose_name='topics')),
            ],
            options={
                'verbose_name': 'live blog',
                'verbose_name_plural': 'live blogs',
                'ordering': ['-created_at', '-pk'],
                'permissions': [('run_coverage', 'Can start, end and withdraw coverage'), ('join_every_team', 'Can work on every live blog, whatever its team')],
            },
        ),
        migrations.AddField(
            model_name='image',
            name='uploaded_for',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='liveblog.liveblog'),
        ),
        migrations.CreateModel(
            name='Partner',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True, verbose_name='name')),
                ('contact', models.EmailField(help_text='Notified before a failing webhook is switched off.', max_length=254, verbose_name='contact')),
                ('is_active', models.BooleanField(default=True, help_text='If unticked, no key of the partner works and nothing is sent.', verbose_name='active')),
                ('embed_origins', models.TextField(blank=True, help_text='One origin per line, such as https://example.com', validators=[liveblog.models.partner.check_origins], verbose_name='sites that may frame embeds')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('granted_blogs', models.ManyToManyField(blank=True, related_name='granted_partners', to='liveblog.liveblog', verbose_name='granted live blogs')),
            ],
            options={
                'verbose_name': 'partner',
                'verbose_name_plural': 'partners',
                'ordering': ['name', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Change',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('kind', models.CharField(choices=[('published', 'Published'), ('edited', 'Edited'), ('corrected', 'Corrected'), ('withdrawn', 'Withdrawn'), ('restored', 'Restored'), ('pinned', 'Pinned'), ('unpinned', 'Unpinned'), ('marked_key', 'Marked as key event'), ('unmarked_key', 'No longer a key event'), ('unpublished', 'Publication undone'), ('erased', 'Erased'), ('blog_edited', 'Live blog edited'), ('blog_started', 'Coverage started'), ('blog_ended', 'Coverage ended'), ('blog_resumed', 'Coverage resumed'), ('blog_withdrawn', 'Live blog withdrawn'), ('blog_restored', 'Live blog restored'), ('response_approved', "Reader's response approved"), ('response_withdrawn', "Reader's response withdrawn"), ('blog_embargoed', 'Embargoed'), ('embargo_lifted', 'Embargo lifted')], max_length=18, verbose_name='kind')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('blog', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='liveblog.liveblog', verbose_name='live blog')),
                ('by_partner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='liveblog.partner', verbose_name='by partner')),
            ],
            options={
                'verbose_name': 'change',
                'verbose_name_plural': 'changes',
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('label', models.CharField(help_text='What it is used for.', max_length=80, verbose_name='label')),
                ('prefix', models.CharField(editable=False, max_length=16, verbose_name='begins with')),
                ('digest', models.CharField(editable=False, max_length=64, unique=True)),
                ('scopes', models.JSONField(default=list, verbose_name='scopes')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires')),
                ('revoked_at', models.DateTimeField(editable=False, null=True, verbose_name='revoked')),
                ('last_used_at', models.DateTimeField(editable=False, null=True, verbose_name='last used')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('partner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='keys', to='liveblog.partner', verbose_name='partner')),
            ],
            options={
                'verbose_name': 'API key',
                'verbose_name_plural': 'API keys',
                'ordering': ['-created_at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='PingService',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('websub', 'WebSub'), ('indexnow', 'IndexNow')], max_length=8)),
                ('url', models.URLField(max_length=500)),
                ('since_at', models.DateTimeField(help_text='When the settings first named it: it is told of later changes.')),
            ],
            options={
                'ordering': ['kind', 'pk'],
                'constraints': [models.UniqueConstraint(fields=('kind', 'url'), name='ping_service_once')],
            },
        ),
        migrations.CreateModel(
            name='PingCursor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='Of the last change that it was told of.')),
                ('topics', models.JSONField(default=list, help_text="The slugs of the live blog's topics at the last ping.")),
                ('page_told_at', models.DateTimeField(null=True)),
                ('is_page_due', models.BooleanField(default=False, help_text='Whether the page has changed since.')),
                ('attempts', models.PositiveIntegerField(default=0, help_text='Failed ones since the last success.')),
                ('failing_since_at', models.DateTimeField(null=True)),
                ('next_attempt_at', models.DateTimeField(null=True)),
                ('leased_until_at', models.DateTimeField(null=True)),
                ('blog', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='liveblog.liveblog')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cursors', to='liveblog.pingservice')),
            ],
            options={
                'ordering': ['pk'],
            },
        ),
        migrations.CreateModel(
            name='Reach',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('pages', models.PositiveIntegerField(default=0, verbose_name='pages')),
                ('change', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='reach', to='liveblog.change')),
            ],
            options={
                'verbose_name': 'reach',
                'verbose_name_plural': 'reach',
                'ordering': ['-change'],
            },
        ),
        migrations.CreateModel(
            name='ReaderResponse',
            fields=[
                ('id', newsroom.ids.PublicIdField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('text', models.TextField(max_length=500, verbose_name='text')),
                ('status', models.CharField(choices=[('pending', 'To moderate'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn')], default='pending', max_length=9, verbose_name='status')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('approved_at', models.DateTimeField(editable=False, null=True, verbose_name='approved')),
                ('blog', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='responses', to='liveblog.liveblog', verbose_name='live blog')),
                ('moderated_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='moderated by')),
            ],
            options={
                'verbose_name': "reader's response",
                'verbose_name_plural': "readers' responses",
                'ordering': ['-created_at', '-pk'],
                'permissions': [('moderate_readerresponse', "Can approve, reject and withdraw readers' responses")],
            },
        ),
        migrations.CreateModel(
            name='Update',
            fields=[
                ('id', newsroom.ids.PublicIdField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('heading', models.CharField(blank=True, max_length=250, verbose_name='heading')),
                ('body', models.TextField(blank=True, verbose_name='text')),
                ('happened_at', models.DateTimeField(verbose_name='time of the event')),
                ('has_clock_time', models.BooleanField(default=True, help_text="Without it readers see the day only; the time still decides the update's place.", verbose_name='clock time is known')),
                ('has_given_time', models.BooleanField(default=True, editable=False, help_text='False: nobody gave the time of the event, which is then the moment of going live.')),
                ('is_to_be_pinned', models.BooleanField(default=False, editable=False, help_text='Pinned when it goes live; false once it is public.')),
                ('status', models.CharField(choices=[('draft', 'Draft'), ('submitted', 'Submitted'), ('scheduled', 'Scheduled'), ('published', 'Published'), ('withdrawn', 'Withdrawn')], default='draft', max_length=9, verbose_name='status')),
                ('publish_at', models.DateTimeField(blank=True, null=True, verbose_name='publish at')),
                ('first_published_at', models.DateTimeField(editable=False, null=True, verbose_name='first published')),
                ('modified_at', models.DateTimeField(editable=False, verbose_name='last changed')),
                ('feed_updated_at', models.DateTimeField(editable=False, help_text='When something last changed that its entry in a feed prints.', null=True)),
                ('withdrawn_at', models.DateTimeField(editable=False, null=True, verbose_name='withdrawn')),
                ('number', models.PositiveIntegerField(default=0, editable=False, help_text="The number of its last change in the blog's log.", verbose_name='number')),
                ('is_key_event', models.BooleanField(default=False, verbose_name='key event')),
                ('source', models.CharField(blank=True, max_length=120, verbose_name='source')),
                ('verification', models.CharField(blank=True, choices=[('', 'Not stated'), ('confirmed', 'Confirmed'), ('unconfirmed', 'Unconfirmed')], default='', max_length=11, verbose_name='verification')),
                ('edition_wording', models.TextField(blank=True, help_text='Corrects the conversion to the other script in this update: one wording per line, original=replacement.', verbose_name='wording in the other script')),
                ('is_erased', models.BooleanField(default=False, editable=False)),
                ('imported_hash', models.CharField(blank=True, editable=False, help_text='SHA-256 of the running copy that it was imported from; empty when written here.', max_length=64)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('blog', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='updates', to='liveblog.liveblog', verbose_name='live blog')),
                ('created_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='created by')),
                ('created_by_partner', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='liveblog.partner', verbose_name='created by partner')),
            ],
            options={
                'verbose_name': 'update',
                'verbose_name_plural': 'updates',
                'ordering': ['-happened_at', '-pk'],
                'permissions': [('publish_update', 'Can publish, correct, pin and schedule updates'), ('withdraw_update', 'Can withdraw and restore updates')],
            },
        ),
        migrations.CreateModel(
            name='Submission',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('actor', models.CharField(help_text='`user 5` or `partner 7`: keys of two never meet.', max_length=40)),
                ('token', models.CharField(max_length=255)),
                ('digest', models.CharField(help_text='SHA-256 of what was sent.', max_length=64)),
                ('at', models.DateTimeField()),
                ('update', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='liveblog.update')),
            ],
            options={
                'verbose_name': 'submission',
                'verbose_name_plural': 'submissions',
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='SearchEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('part', models.PositiveSmallIntegerField()),
                ('tokens', models.TextField()),
                ('blog', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='liveblog.liveblog', verbose_name='live blog')),
                ('update', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='liveblog.update', verbose_name='update')),
            ],
        ),
        migrations.CreateModel(
            name='Revision',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='The number of the change that made it.', verbose_name='number')),
                ('kind', models.CharField(choices=[('published', 'Published'), ('minor', 'Minor edit'), ('correction', 'Correction'), ('withdrawn', 'Withdrawn'), ('restored', 'Restored'), ('unpublished', 'Publication undone')], max_length=11, verbose_name='kind')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('content', models.JSONField(verbose_name='content')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='by')),
                ('by_partner', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='liveblog.partner', verbose_name='by partner')),
                ('update', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='revisions', to='liveblog.update', verbose_name='update')),
            ],
            options={
                'verbose_name': 'revision',
                'verbose_name_plural': 'revisions',
                'ordering': ['-pk'],
            },
        ),
        migrations.CreateModel(
            name='RelatedStory',
            fields=[
                ('id', newsroom.ids.PublicIdField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('after_block', models.PositiveSmallIntegerField(default=0, help_text="How many of the text's paragraphs, lists or tables come before it.", verbose_name='after paragraph')),
                ('position', models.PositiveSmallIntegerField(default=0, editable=False, verbose_name='position')),
                ('title', models.CharField(max_length=250, verbose_name='title')),
                ('url', models.URLField(blank=True, max_length=500, verbose_name='address')),
                ('blog', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='related_stories', to='liveblog.liveblog', verbose_name='beside live blog')),
                ('live_blog', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='referred_by', to='liveblog.liveblog', verbose_name='other live blog')),
                ('update', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='related_stories', to='liveblog.update', verbose_name='in update')),
            ],
            options={
                'verbose_name': 'related story',
                'verbose_name_plural': 'related stories',
                'ordering': ['after_block', 'position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Presence',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(help_text="The composer's.", max_length=64)),
                ('is_writing', models.BooleanField(default=False, help_text='Whether there is something in the composer.')),
                ('at', models.DateTimeField()),
                ('blog', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='presences', to='liveblog.liveblog')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('update', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='liveblog.update')),
            ],
            options={
                'verbose_name': 'presence',
                'verbose_name_plural': 'presences',
                'ordering': ['pk'],
            },
        ),
        migrations.AddField(
            model_name='liveblog',
            name='pinned_update',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='liveblog.update', verbose_name='pinned update'),
        ),
        migrations.AddField(
            model_name='change',
            name='update',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='changes', to='liveblog.update', verbose_name='update'),
        ),
        migrations.CreateModel(
            name='UpdateByline',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('byline', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='update_bylines', to='liveblog.byline', verbose_name='byline')),
                ('update', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='update_bylines', to='liveblog.update')),
            ],
            options={
                'verbose_name': 'byline of an update',
                'verbose_name_plural': 'bylines',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.AddField(
            model_name='update',
            name='bylines',
            field=models.ManyToManyField(related_name='updates', through='liveblog.UpdateByline', to='liveblog.byline', verbose_name='bylines'),
        ),
        migrations.CreateModel(
            name='UpdateImage',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('image', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='update_images', to='liveblog.image', verbose_name='picture')),
                ('update', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='update_images', to='liveblog.update')),
            ],
            options={
                'verbose_name': 'picture in an update',
                'verbose_name_plural': 'pictures',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.AddField(
            model_name='update',
            name='images',
            field=models.ManyToManyField(related_name='updates', through='liveblog.UpdateImage', to='liveblog.image'),
        ),
        migrations.CreateModel(
            name='Webhook',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', models.URLField(max_length=500, validators=[newsroom.http.addresses.check_receiver], verbose_name='address')),
                ('edition', models.CharField(blank=True, choices=[('zh-hant', 'Traditional Chinese'), ('zh-hans', 'Simplified Chinese'), ('en', 'English')], help_text='Leave empty to send each live blog in its own script.', max_length=7, verbose_name='edition')),
                ('secret', models.CharField(editable=False, max_length=80)),
                ('previous_secret', models.CharField(blank=True, editable=False, max_length=80)),
                ('previous_secret_until_at', models.DateTimeField(editable=False, null=True)),
                ('failing_since_at', models.DateTimeField(editable=False, null=True, verbose_name='failing since')),
                ('warned_at', models.DateTimeField(editable=False, null=True, verbose_name='partner warned')),
                ('disabled_at', models.DateTimeField(editable=False, null=True, verbose_name='switched off')),
                ('disabled_because', models.CharField(blank=True, editable=False, max_length=300, verbose_name='why')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('blogs', models.ManyToManyField(blank=True, help_text='Leave empty for all public live blogs, and embargoed ones granted to the partner.', related_name='webhooks', to='liveblog.liveblog', verbose_name='only these live blogs')),
                ('partner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='webhooks', to='liveblog.partner', verbose_name='partner')),
            ],
            options={
                'verbose_name': 'webhook',
                'verbose_name_plural': 'webhooks',
                'ordering': ['partner__name', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
                ('attempt', models.PositiveIntegerField(verbose_name='attempt')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('asked_for_at', models.DateTimeField(editable=False, null=True)),
                ('milliseconds', models.PositiveIntegerField(null=True, verbose_name='took (ms)')),
                ('status', models.PositiveSmallIntegerField(null=True, verbose_name='answer')),
                ('error', models.CharField(blank=True, max_length=300, verbose_name='error')),
                ('body', models.TextField(verbose_name='payload')),
                ('answer', models.TextField(blank=True, verbose_name='start of the response')),
                ('is_delivered', models.BooleanField(default=False, verbose_name='delivered')),
                ('blog', models.ForeignKey(help_text='None for a test event.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='liveblog.liveblog', verbose_name='live blog')),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='liveblog.webhook', verbose_name='webhook')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
                'ordering': ['-at', '-pk'],
            },
        ),
        migrations.CreateModel(
            name='WebhookCursor',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='The last one that was delivered.', verbose_name='number')),
                ('is_held', models.BooleanField(default=False, editable=False)),
                ('attempts', models.PositiveIntegerField(default=0, verbose_name='failed attempts')),
                ('failing_since_at', models.DateTimeField(null=True, verbose_name='failing since')),
                ('next_attempt_at', models.DateTimeField(null=True, verbose_name='next attempt')),
                ('leased_until_at', models.DateTimeField(editable=False, null=True)),
                ('blog', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='liveblog.liveblog')),
                ('webhook', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cursors', to='liveblog.webhook')),
            ],
            options={
                'verbose_name': "webhook's cursor",
                'verbose_name_plural': "webhooks' cursors",
                'ordering': ['webhook', 'blog'],
            },
        ),
        migrations.CreateModel(
            name='WorkingCopy',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(max_length=64)),
                ('fields', models.JSONField(help_text="The composer's fields by name, as they were typed.")),
                ('saved_at', models.DateTimeField(verbose_name='saved')),
                ('blog', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='working_copies', to='liveblog.liveblog')),
                ('by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('update', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='working_copies', to='liveblog.update')),
            ],
            options={
                'verbose_name': 'working copy',
                'verbose_name_plural': 'working copies',
                'ordering': ['-saved_at', '-pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='image',
            constraint=models.CheckConstraint(condition=models.Q(('alt', ''), _negated=True), name='image_has_alt'),
        ),
        migrations.AddConstraint(
            model_name='image',
            constraint=models.CheckConstraint(condition=models.Q(('focal_column__lte', 4), ('focal_row__lte', 4)), name='image_focal_point_in_grid'),
        ),
        migrations.AddConstraint(
            model_name='pingcursor',
            constraint=models.UniqueConstraint(fields=('service', 'blog'), name='ping_cursor_once_per_service_and_blog'),
        ),
        migrations.AddIndex(
            model_name='readerresponse',
            index=models.Index(fields=['blog', 'status', '-approved_at'], name='response_shown'),
        ),
        migrations.AddConstraint(
            model_name='readerresponse',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_at__isnull', False), ('status__in', ['approved', 'withdrawn'])), models.Q(('approved_at__isnull', True), ('status__in', ['pending', 'rejected'])), _connector='OR'), name='response_shown_has_time'),
        ),
        migrations.AddConstraint(
            model_name='readerresponse',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('text', ''), _negated=True), models.Q(('name', ''), _negated=True)), name='response_says_something'),
        ),
        migrations.AddConstraint(
            model_name='submission',
            constraint=models.UniqueConstraint(fields=('actor', 'token'), name='submission_once_per_token'),
        ),
        migrations.AddConstraint(
            model_name='revision',
            constraint=models.UniqueConstraint(fields=('update', 'number'), name='revision_once_per_number'),
        ),
        migrations.AddConstraint(
            model_name='relatedstory',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('blog__isnull', False), ('update__isnull', True)), models.Q(('blog__isnull', True), ('update__isnull', False)), _connector='OR'), name='story_has_one_place'),
        ),
        migrations.AddConstraint(
            model_name='relatedstory',
            constraint=models.CheckConstraint(condition=models.Q(('url', ''), ('live_blog__isnull', True), _connector='OR'), name='story_leads_to_one_place', violation_error_message='Give an address or a live blog, not both.'),
        ),
        migrations.AddConstraint(
            model_name='relatedstory',
            constraint=models.CheckConstraint(condition=models.Q(('title', ''), _negated=True), name='story_has_title'),
        ),
        migrations.AddConstraint(
            model_name='presence',
            constraint=models.UniqueConstraint(fields=('by', 'token'), name='presence_once_per_token'),
        ),
        migrations.AddConstraint(
            model_name='liveblog',
            constraint=models.CheckConstraint(condition=models.Q(('status', 'draft'), models.Q(('coverage_start_at__isnull', False), ('first_published_at__isnull', False)), _connector='OR'), name='blog_public_has_start', violation_error_message='Coverage that has started needs the time when it started.'),
        ),
        migrations.AddConstraint(
            model_name='liveblog',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'ended'), _negated=True), ('coverage_end_at__isnull', False), _connector='OR'), name='blog_ended_has_end', violation_error_message='Coverage that has ended needs the time when it ended.'),
        ),
        migrations.AddConstraint(
            model_name='liveblog',
            constraint=models.CheckConstraint(condition=models.Q(('coverage_end_at__isnull', True), ('coverage_start_at__isnull', True), ('coverage_end_at__gte', models.F('coverage_start_at')), _connector='OR'), name='blog_ends_after_start', violation_error_message='Coverage cannot end before it starts.'),
        ),
        migrations.AddConstraint(
            model_name='liveblog',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['zh-hant', 'zh-hans', 'en'])), name='blog_known_language'),
        ),
        migrations.AddConstraint(
            model_name='change',
            constraint=models.UniqueConstraint(fields=('blog', 'number'), name='change_number_once_per_blog'),
        ),
        migrations.AddConstraint(
            model_name='change',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='change_number_from_one'),
        ),
        migrations.AddConstraint(
            model_name='change',
            constraint=models.CheckConstraint(condition=models.Q(('by__isnull', True), ('by_partner__isnull', True), _connector='OR'), name='change_one_actor'),
        ),
        migrations.AddConstraint(
            model_name='updatebyline',
            constraint=models.UniqueConstraint(fields=('update', 'byline'), name='byline_once_per_update'),
        ),
        migrations.AddConstraint(
            model_name='updateimage',
            constraint=models.UniqueConstraint(fields=('update', 'image'), name='image_once_per_update'),
        ),
        migrations.AddIndex(
            model_name='update',
            index=models.Index(fields=['blog', 'status', '-happened_at', '-id'], name='update_page_order'),
        ),
        migrations.AddIndex(
            model_name='update',
            index=models.Index(fields=['blog', 'number'], name='update_by_number'),
        ),
        migrations.AddIndex(
            model_name='update',
            index=models.Index(fields=['-first_published_at', '-id'], name='update_feed_order'),
        ),
        migrations.AddIndex(
            model_name='update',
            index=models.Index(condition=models.Q(('status', 'scheduled')), fields=['publish_at'], name='update_due'),
        ),
        migrations.AddConstraint(
            model_name='update',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'scheduled'), _negated=True), ('publish_at__isnull', False), _connector='OR'), name='update_scheduled_has_time', violation_error_message='A scheduled update needs the time when it goes live.'),
        ),
        migrations.AddConstraint(
            model_name='update',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('first_published_at__isnull', False), ('status__in', ['published', 'withdrawn'])), models.Q(('first_published_at__isnull', True), ('status__in', ['draft', 'submitted', 'scheduled'])), _connector='OR'), name='update_public_has_first_time'),
        ),
        migrations.AddConstraint(
            model_name='update',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'withdrawn'), ('withdrawn_at__isnull', False)), models.Q(models.Q(('status', 'withdrawn'), _negated=True), ('withdrawn_at__isnull', True)), _connector='OR'), name='update_withdrawn_has_time'),
        ),
        migrations.AddConstraint(
            model_name='update',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('number__gte', 1), ('status__in', ['published', 'withdrawn'])), ('status__in', ['draft', 'submitted', 'scheduled']), _connector='OR'), name='update_public_has_number'),
        ),
        migrations.AddConstraint(
            model_name='update',
            constraint=models.CheckConstraint(condition=models.Q(('verification__in', ['', 'confirmed', 'unconfirmed'])), name='update_known_verification'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['webhook', '-at'], name='delivery_of_webhook'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('asked_for_at__isnull', False)), fields=['asked_for_at'], name='delivery_asked_for'),
        ),
        migrations.AddConstraint(
            model_name='webhookcursor',
            constraint=models.UniqueConstraint(fields=('webhook', 'blog'), name='cursor_once_per_webhook_and_blog'),
        ),
        migrations.AddConstraint(
            model_name='workingcopy',
            constraint=models.UniqueConstraint(fields=('by', 'token'), name='working_copy_once_per_token'),
        ),
    ]
